/** Test support: a signal that is aborted once it was looked at so many times; it counts the looks. A fit holds its thread, so nothing else could abort it midway. */
export function abortAfter(looks: number): AbortSignal & { readonly looks: number } {
  let taken = 0
  const signal = new AbortController().signal
  return Object.defineProperties(signal, {
    aborted: { get: () => ++taken > looks },
    looks: { get: () => taken },
  }) as AbortSignal & { readonly looks: number }
}
