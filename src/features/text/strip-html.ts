/** Tags inside of words and lines; all others part words. */
const INLINE = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
)
/** Elements whose content nobody reads. */
const UNREAD = new Set(['script', 'style', 'head', 'template'])

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  times: '×',
  middot: '·',
  deg: '°',
  euro: '€',
  pound: '£',
  copy: '©',
}
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,6}));/g

/**
 * The text that a reader of a piece of HTML sees: without tags, comments, scripts and styles, its entities decoded once. `<` before anything but
 * a letter, `/`, `!` or `?` is a sign (`p < 0.05`), and so is one of a tag that never ends. Not for making HTML safe to show. Takes time in
 * proportion to the text, whatever stands in it.
 */
export function stripHtml(html: string): string {
  if (!/[<&]/.test(html)) return html
  let text = ''
  let from = 0
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) {
    if (at < from || !/[a-zA-Z/!?]/.test(html[at + 1] ?? '')) continue
    const end = endOfTag(html, at)
    // From here on nothing ends: it is all text.
    if (end < 0) break
    text += html.slice(from, at)
    const name = /^\/?([a-zA-Z][a-zA-Z0-9]*)/.exec(html.slice(at + 1, at + 32))?.[1]?.toLowerCase() ?? ''
    if (!INLINE.has(name)) text += ' '
    from = end
    if (UNREAD.has(name) && html[at + 1] !== '/') {
      const close = new RegExp(`</${name}[\\s/>]`, 'gi')
      close.lastIndex = end
      const found = close.exec(html)
      from = found ? found.index : html.length
    }
  }
  text += html.slice(from)
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole
  })
}

/** The place behind the tag or comment that begins at `at`, quotes counted in; -1 when it does not end. */
function endOfTag(html: string, at: number): number {
  if (html.startsWith('<!--', at)) {
    const end = html.indexOf('-->', at + 4)
    return end < 0 ? -1 : end + 3
  }
  let quote = ''
  for (let i = at + 1; i < html.length; i++) {
    const sign = html[i]!
    if (quote) {
      if (sign === quote) quote = ''
    } else if (sign === '>') return i + 1
    // Only a value stands in quotes: the apostrophe of `<don't>` opens nothing.
    else if ((sign === '"' || sign === "'") && html[i - 1] === '=') quote = sign
  }
  return -1
}
