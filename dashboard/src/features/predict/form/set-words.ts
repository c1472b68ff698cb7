/**
 * What a prediction set says, in words for somebody who acts on it. The set holds every class that the model can't rule
 * out at its stated level; one class is a clear answer, several an honest doubt, none a record unlike any it learnt from.
 */
export function setWords(set: readonly string[], nClasses: number): string {
  if (set.length === 0)
    return 'No class fits this record well: it is unlike those the model learnt from. Treat the answer with care.'
  if (set.length === 1) return `The model rules out every class but ${set[0]}.`
  if (set.length === nClasses) return 'The model rules out none of the classes: this answer is close to a guess.'
  return `The model can't tell ${listOf(set)} apart for this record; it rules out the rest.`
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
