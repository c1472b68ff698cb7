import { z } from 'zod'

/**
 * What the project file says of one column that people can do something about, such as the hours of tutoring.
 * Everything may be left out: then any value that training saw is allowed, in either direction.
 */
export const ActionableColumn = z
  .strictObject({
    min: z.number().optional().describe('Smallest value that is tried; by default the smallest allowed, or seen.'),
    max: z.number().optional().describe('Largest value that is tried.'),
    step: z
      .number()
      .positive()
      .optional()
      .describe(
        'Between two values that are tried; by default a twentieth of the range, 1 at least for whole numbers.',
      ),
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .max(200)
      .optional()
      .describe('The values that are tried, in place of `min`, `max` and `step`; for a category by default all.'),
    direction: z
      .enum(['any', 'up', 'down'])
      .default('any')
      .describe(
        'Which way the value may go from where it is: up for what cannot be undone, as credits earned. Of numbers.',
      ),
    cost: z
      .number()
      .positive()
      .default(1)
      .describe(
        'What a change over the whole range costs, or from one category to another; smaller changes cost their share.',
      ),
  })
  .superRefine(({ min, max, step, values }, context) => {
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (min !== undefined && max !== undefined && min >= max) fail('max', `expected more than min (${min})`)
    if (values && (min !== undefined || max !== undefined || step !== undefined))
      fail('values', 'stand alone; leave out min, max and step')
  })
export type ActionableColumn = z.output<typeof ActionableColumn>

/** `serving.actionable` of the project file: column -> what may be changed about it. */
export const ActionableOptions = z.record(z.string(), ActionableColumn)
export type ActionableOptions = z.output<typeof ActionableOptions>
