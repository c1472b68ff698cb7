/** A distribution that a search draws one option's value from. */
export type Distribution =
  | { readonly type: 'choice'; readonly values: readonly (string | number | boolean | null)[] }
  | { readonly type: 'uniform'; readonly low: number; readonly high: number }
  | { readonly type: 'logUniform'; readonly low: number; readonly high: number }
  /** Whole numbers from `low` to `high`, both included. */
  | { readonly type: 'int'; readonly low: number; readonly high: number; readonly log?: boolean }

/** Option name -> distribution. Options that are left out keep their default. */
export type SearchSpace = Readonly<Record<string, Distribution>>
