import type { ErasureReport, ErasureRequest } from '../pipeline/erasure/erase-person.ts'
import type { ExpiredData } from '../pipeline/erasure/expire-data.ts'

/** Takes persons, and what is older than it may be, out of what is kept, away from the thread that answers requests. */
export interface PersonEraser {
  /** @param actor Who asked, for the ledger. */
  erase(request: ErasureRequest, actor: string): Promise<ErasureReport>
  expire(): Promise<ExpiredData>
}
