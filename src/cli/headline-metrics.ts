/** The metrics that a person looks at first, in their order; two classes have `roc_auc`, more have `roc_auc_ovr`. */
const HEADLINE = ['accuracy', 'f1_macro', 'log_loss', 'roc_auc', 'roc_auc_ovr', 'rmse', 'mae', 'r2']
const MOST = 4

/** The few of these metrics that fit beside each other in a table; `first`, where given, comes first. */
export function headlineMetrics(known: Iterable<string>, first?: string): string[] {
  const names = new Set(known)
  const chosen = HEADLINE.filter((name) => names.has(name))
  if (names.has('roc_auc') && names.has('roc_auc_ovr')) chosen.splice(chosen.indexOf('roc_auc_ovr'), 1)
  const headline = chosen.length > 0 ? chosen.slice(0, MOST) : [...names].sort().slice(0, MOST)
  return first !== undefined && names.has(first) && !headline.includes(first) ? [first, ...headline] : headline
}
