import type { RunStatus } from '../../../../../src/track/tracking-store.ts'
import { Badge } from '../../../components/badge.tsx'

const TONES = { RUNNING: 'accent', SCHEDULED: 'accent', FINISHED: 'good', FAILED: 'bad', KILLED: 'warn' } as const
const WORDS = {
  RUNNING: 'running',
  SCHEDULED: 'scheduled',
  FINISHED: 'finished',
  FAILED: 'failed',
  KILLED: 'killed',
} as const

export function RunStatusBadge({ status }: { status: RunStatus }) {
  return <Badge text={WORDS[status] ?? status} tone={TONES[status] ?? 'plain'} />
}
