/**
 * What a prediction set says, in words for somebody who acts on it. The set holds every class that the model can't rule
 * out at its stated level; one class is a clear answer, several an honest doubt, none a record unlike any it learnt from.
 */
export function setWords(set: readonly string[], nClasses: number): string {
  if (set.length === 0)
    return 'No class fits this record well: it is unlike those the model learnt from. Treat the answer with care.'
  if (set.length === 1)
    return `Sets like this one, of ${set[0]} alone, hold the true class as often as the model promises (90 % unless it says otherwise).`
  if (set.length === nClasses)
    return "The set that keeps the model's promise holds every class: this answer is close to a guess."
  return `The model can't tell ${listOf(set)} apart for this record; the set that keeps its promise leaves out the rest.`
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
