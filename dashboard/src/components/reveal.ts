/** Gives an element the focus and, where the reader would not see it, brings it under the page's head. */
export function reveal(element: HTMLElement | null): void {
  if (!element) return
  element.focus({ preventScroll: true })
  const { top } = element.getBoundingClientRect()
  if (top < HEADER_PX || top > window.innerHeight - ROOM_PX) element.scrollIntoView({ block: 'start' })
}

/** Height of the fixed head, and how much of an answer must be in view. */
const HEADER_PX = 56
const ROOM_PX = 240
