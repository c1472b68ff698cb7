/**
 * The known name that a typo most likely meant, or null where none is near: at most a third of its letters differ
 * (Damerau-Levenshtein distance, optimal string alignment; case does not count).
 */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  const wanted = word.toLowerCase()
  if (wanted.length > 200) return null
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase().slice(0, 200))
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) / 3))) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let distance = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        distance = Math.min(distance, before[j - 2]! + 1)
      current.push(distance)
    }
    before = previous
    previous = current
  }
  return previous[b.length]!
}
