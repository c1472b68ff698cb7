/** What a run tells while it works; the command line draws it, a server may stream it. Counts and names only, never a row. */
export type RunEvent =
  | { readonly type: 'run-opened'; readonly runId: string }
  | {
      readonly type: 'dataset'
      readonly id: string
      readonly nRows: number
      readonly nRejected: number
      readonly nColumns: number
    }
  | { readonly type: 'warning'; readonly message: string }
  /** Something that was decided for the run and is no cause for concern, such as a preset. */
  | { readonly type: 'note'; readonly message: string }
  | {
      readonly type: 'search-started'
      readonly method: string
      readonly trials: number
      readonly folds: number
      readonly threads: number
      readonly timeBudgetSeconds: number | null
      /** Trials that an earlier attempt finished. */
      readonly restored: number
    }
  | {
      readonly type: 'search-ended'
      readonly done: number
      readonly planned: number
      /** Whether all that was planned is done. */
      readonly complete: boolean
    }
  | { readonly type: 'fold-finished'; readonly done: number; readonly total: number }
  | {
      readonly type: 'trial-finished'
      readonly estimator: string
      readonly index: number
      readonly scoring: string
      /** Mean over the folds; null where the trial failed. */
      readonly score: number | null
      readonly best: number | null
      readonly seconds: number
      /** Where it stands in a search by halving, from 0. */
      readonly rung: { readonly index: number; readonly count: number } | null
    }
  | {
      readonly type: 'stage'
      readonly stage: 'cluster' | 'judge' | 'refit' | 'blend' | 'evaluate' | 'figures' | 'register'
    }
  | {
      readonly type: 'registered'
      readonly model: string
      readonly version: number
      readonly aliases: readonly string[]
    }
