import { useMemo, useSyncExternalStore } from 'react'

/** The page's text and line colours, for pictures that CSS does not reach; new ones when light turns to dark. */
export function usePageColours(): { readonly text: string; readonly line: string } {
  const dark = useSyncExternalStore(subscribe, () => query().matches)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the style that is read changes with `dark`.
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement)
    return { text: style.getPropertyValue('--text-soft').trim(), line: style.getPropertyValue('--line').trim() }
  }, [dark])
}

function query(): MediaQueryList {
  return window.matchMedia('(prefers-color-scheme: dark)')
}

function subscribe(changed: () => void): () => void {
  const media = query()
  media.addEventListener('change', changed)
  return () => media.removeEventListener('change', changed)
}
