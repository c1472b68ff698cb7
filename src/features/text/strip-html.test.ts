import { describe, expect, test } from 'vitest'
import { stripHtml } from './strip-html.ts'
import { AnalysisOptions } from './text-options.ts'
import { wordsOf } from './word-reader.ts'

describe('stripHtml', () => {
  test.each([
    ['<p>First</p><p>second</p>', ' First  second '],
    ['half<br/>way <B>bo</B>ld', 'half way bold'],
    ['<a href="x?a>b" title=\'c>d\'>link</a> text', 'link text'],
    ['if p < 0.05 and n<3 or x <- y', 'if p < 0.05 and n<3 or x <- y'],
    [
      'a &lt;b&gt; &amp;amp; &#65;&#x1F600;&quot;&nbsp;&unknown; &#0; &#xD800;',
      'a <b> &amp; A😀" &unknown; &#0; &#xD800;',
    ],
    ['see<!-- hidden <b> -->me', 'see me'],
    ['<style>p { x }</style>seen<script type="a">if (a<b) "</p>"</script> end', '  seen   end'],
    ['<script>never ends', ' '],
    ["<don't> stop, and <unfinished", '  stop, and <unfinished'],
    ['no tags at all', 'no tags at all'],
    ['', ''],
  ])('%j', (html, text) => {
    expect(stripHtml(html)).toBe(text)
  })

  test('takes time in proportion to the text, whatever stands in it', () => {
    for (const piece of ['<a "', '<', '<!--', '<a href="', '<script>', '&#', '</']) {
      const started = performance.now()
      stripHtml(piece.repeat(200_000))
      expect(performance.now() - started, piece).toBeLessThan(20_000)
    }
  })

  test('comes before words are looked for, where it is asked for', () => {
    const html = '<p>The <code>lm</code> &quot;model&quot;</p><pre>fit</pre>'
    expect(wordsOf(html, AnalysisOptions.parse({ stripHtml: true }))).toEqual(['the', 'lm', 'model', 'fit'])
    expect(wordsOf(html, AnalysisOptions.parse({}))).toContain('quot')
  })
})
