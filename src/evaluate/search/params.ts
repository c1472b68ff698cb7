import type { Distribution } from '../../learn/search-space.ts'

/** The value of one option of an estimator. */
export type ParamValue = Extract<Distribution, { type: 'choice' }>['values'][number]

/** Option name -> value; options that are left out have the estimator's default. */
export type Params = Readonly<Record<string, ParamValue>>
