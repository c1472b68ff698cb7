import type { Chart } from './chart.ts'
import { plain } from './text.ts'

/**
 * Draws a chart as an SVG document of its own: no script, no style sheet, no font but the reader's sans-serif, with its
 * title and description for screen readers. Equal charts give equal bytes, and ids that no other picture has, so that
 * several can stand in one page.
 */
export async function renderChart(chart: Chart): Promise<string> {
  const echarts = await loadECharts()
  const { width, height } = chart
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    instance.setOption(chart.option)
    return tidy(instance.renderToSVGString(), chart)
  } finally {
    instance.dispose()
  }
}

type ECharts = typeof import('echarts/core')
let loaded: Promise<ECharts> | undefined

/** ECharts, with what the charts use of it, on first use: most commands draw nothing. */
function loadECharts(): Promise<ECharts> {
  loaded ??= (async () => {
    const [core, charts, components, renderers] = await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ])
    core.use([
      charts.BarChart,
      charts.CustomChart,
      charts.HeatmapChart,
      charts.LineChart,
      charts.ScatterChart,
      components.GraphicComponent,
      components.GridComponent,
      components.LegendComponent,
      components.MarkLineComponent,
      components.TitleComponent,
      components.VisualMapContinuousComponent,
      renderers.SVGRenderer,
    ])
    return core
  })()
  return loaded
}

/** Takes away what serves a mouse, makes ids depend on the content alone, and adds the words. */
function tidy(svg: string, { title, description }: Chart): string {
  const still = svg
    .replace(/<style\s*>[\s\S]*?<\/style>\s*/g, '')
    .replace(/ (?:ecmeta_\w+|class|pointer-events|xml:space)="[^"]*"/g, '')
    // Not every program that shows an SVG knows this attribute; all know the shift.
    .replaceAll('dominant-baseline="central"', 'dy="0.35em"')
    .replace(/\s+xmlns:xlink="[^"]*"|\s+baseProfile="[^"]*"|\s+version="[^"]*"/g, '')
  const ids = new Map<string, string>()
  for (const [, id] of still.matchAll(/ id="([^"]+)"/g)) ids.set(id!, `p${ids.size}`)
  const numbered = still.replace(
    /( id="|url\(#)([^")]+)/g,
    (_, before: string, id: string) => before + (ids.get(id) ?? id),
  )
  const prefix = `c${contentHash(numbered + title)}-`
  const unique = numbered.replace(/( id="|url\(#)([^")]+)/g, (_, before: string, id: string) => before + prefix + id)
  const words = `<title id="${prefix}title">${escapeXml(title)}</title>\n<desc id="${prefix}desc">${escapeXml(description)}</desc>\n`
  return unique.replace(
    /^<svg([^>]*)>\n?/,
    (_, attributes: string) =>
      `<svg${attributes} role="img" aria-labelledby="${prefix}title ${prefix}desc" font-family="sans-serif">\n${words}`,
  )
}

function escapeXml(text: string): string {
  return plain(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A short name of some text (FNV-1a, 32 bits): ids need to differ, not to be secret. */
function contentHash(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
