import { z } from 'zod'

/** `logs` of the server's settings. */
export const LogSettings = z.strictObject({
  files: z.boolean().default(true).describe('Write the log to files in the home too, not only to standard error.'),
  folder: z.string().min(1).optional().describe('Folder of the files; `logs/` in the home where left out.'),
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least level that is written.'),
  maxFileBytes: z
    .int()
    .min(64 * 1024)
    .default(64 * 1024 * 1024)
    .describe('A new file begins before one would be larger.'),
  rotateHours: z
    .int()
    .min(1)
    .max(24)
    .default(24)
    .describe('A new file begins after so many hours, and at midnight (UTC).'),
  compress: z.enum(['zstd', 'gzip', 'none']).default('zstd').describe('How files are packed that are written no more.'),
  archiveAfterDays: z.int().min(0).max(36_500).default(7).describe('Days after which files move to the archive.'),
  archiveFolder: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the archive; `archive/` beside the days where left out.'),
  deleteAfterDays: z.int().min(1).max(36_500).default(90).describe('Days after which files are deleted.'),
})
export type LogSettings = z.output<typeof LogSettings>
