import { describe, expect, test } from 'vitest'
import { calibrationChart } from './calibration-chart.ts'
import { candidatesChart } from './candidates-chart.ts'
import { confusionMatrixChart } from './confusion-matrix-chart.ts'
import { importanceChart } from './importance-chart.ts'
import { precisionRecallChart } from './precision-recall-chart.ts'
import { predictedActualChart, residualChart } from './regression-charts.ts'
import { renderChart } from './render-chart.ts'
import { rocChart } from './roc-chart.ts'
import { sampleCharts } from './testing/sample-charts.ts'

const samples = Object.entries(sampleCharts())

/** What a reader sees as text, piece by piece. */
function texts(svg: string): string[] {
  return Array.from(svg.matchAll(/<(?:text|tspan)[^>]*>([^<]*)</g), ([, text]) => decode(text!))
}

function decode(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

/** Names of open tags at the end; empty when every tag is closed in order. */
function openTags(svg: string): string[] {
  const open: string[] = []
  for (const [, closing, name, , selfClosing] of svg.matchAll(/<(\/?)([a-zA-Z]+)((?:"[^"]*"|[^">])*?)(\/?)>/g)) {
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`)
    } else if (!selfClosing) open.push(name!)
  }
  return open
}

describe.each(samples)('the picture "%s"', (name, chart) => {
  test('is the one in git, look at it when it changes', async () => {
    // The large ones are checked by the other tests alone.
    const svg = await renderChart(chart)
    if (!name.endsWith('-12')) await expect(svg).toMatchFileSnapshot(`./fixtures/${name}.svg`)
    else expect(svg.length).toBeGreaterThan(10_000)
  })

  test('is well-formed, has its size, its words for screen readers, and nothing that runs or loads', async () => {
    const svg = await renderChart(chart)
    expect(openTags(svg)).toEqual([])
    expect(svg).toMatch(new RegExp(`^<svg width="${chart.width}" height="${chart.height}"`))
    expect(svg).toMatch(/role="img" aria-labelledby="([\w-]+)-title \1-desc"/)
    expect(decode(svg.match(/<title[^>]*>([^<]*)</)![1]!)).toBe(chart.title)
    expect(decode(svg.match(/<desc[^>]*>([^<]*)</)![1]!)).toBe(chart.description)
    expect(svg).not.toMatch(/<script|<style|<foreignObject|href=|\son\w+=|https?:(?!\/\/www\.w3\.org\/2000\/svg")/)
    expect(svg).not.toMatch(/NaN|Infinity|undefined|\[object/)
    expect(chart.description).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('is the same however many were drawn before, and shares no id with another', async () => {
    const first = await renderChart(chart)
    const other = await renderChart(samples.find(([otherName]) => otherName !== name)![1])
    expect(await renderChart(chart)).toBe(first)
    const ids = (svg: string) => Array.from(svg.matchAll(/ id="([^"]+)"/g), ([, id]) => id!)
    expect(new Set([...ids(first), ...ids(other)]).size).toBe(ids(first).length + ids(other).length)
  })
})

test('titles, subtitles and axis names stand in the picture', async () => {
  const { 'roc-3': roc, 'calibration-3': calibration, residuals } = sampleCharts()
  expect(texts(await renderChart(roc!))).toEqual(
    expect.arrayContaining([
      'ROC curve of each class against the rest',
      'Synthetic data, 885 test rows',
      'False positive rate',
      'True positive rate',
      'Chance (AUC 0.500)',
    ]),
  )
  expect(texts(await renderChart(calibration!))).toEqual(
    expect.arrayContaining(['Predicted probability', 'Observed share', 'Rows']),
  )
  expect(texts(await renderChart(residuals!))).toEqual(
    expect.arrayContaining(['Predicted G3 (points)', 'Actual minus predicted']),
  )
})

test('a confusion matrix shows each count, its share of the actual class, and both axes', async () => {
  const svg = await renderChart(
    confusionMatrixChart(
      {
        classes: ['a', 'b'],
        counts: [
          [1234, 6],
          [3, 3],
        ],
        shares: [
          [1234 / 1240, 6 / 1240],
          [0.5, 0.5],
        ],
      },
      { title: 'Mine' },
    ),
  )
  expect(texts(svg)).toEqual(
    expect.arrayContaining(['Mine', 'Actual', 'Predicted', '1\u2009234', '>99 %', '6', '<1 %', '3', '50 %']),
  )
})

test('long names of columns are wrapped, whole to the last letter', async () => {
  const name =
    "Mother's qualification (as recorded by the university at enrolment, in the national code list of the year)"
  const glued = 'number_of_curricular_units_without_evaluations_in_the_second_semester_of_the_first_year'
  const column = (text: string) => ({ name: text, mean: 0.1, std: 0.01, losses: [] })
  const svg = await renderChart(
    importanceChart({ metric: 'log_loss', baseline: 0.5, columns: [column(name), column(glued)] }),
  )
  const shown = texts(svg)
  const firstOf = (text: string) => shown.findIndex((line) => line !== '' && text.startsWith(line))
  expect(
    shown
      .slice(firstOf(name), firstOf(name) + 4)
      .join(' ')
      .startsWith(name),
  ).toBe(true)
  expect(
    shown
      .slice(firstOf(glued), firstOf(glued) + 4)
      .join('')
      .startsWith(glued),
  ).toBe(true)
  expect(shown).toContain('Rise of Log loss when the column is shuffled')
})

test('names that look like markup or carry control characters are shown as text', async () => {
  const label = '<script>alert(1)</script>&"\u0000\u0007'
  const svg = await renderChart(
    rocChart([{ label, auc: 0.5, falsePositiveRate: [0, 1], truePositiveRate: [0, 1], thresholds: [null, 0] }]),
  )
  expect(svg).not.toContain('<script')
  expect(svg).not.toMatch(/[\u0000-\u0008]/)
  expect(texts(svg).some((text) => text.startsWith('<script>alert(1)</script>&"'))).toBe(true)
})

test('names that every object inherits, such as __proto__, are shown and change nothing in this process', async () => {
  const inherited = () =>
    Object.getOwnPropertyNames(Object.prototype).map((name) => {
      // `__proto__` itself is an accessor; what it and the methods carry is what a careless lookup would change.
      const own = Object.getOwnPropertyDescriptor(Object.prototype, name)!
      return [name, Object.keys((own.value ?? {}) as object)]
    })
  const before = inherited()
  const names = Object.getOwnPropertyNames(Object.prototype)
  const label = (name: string) => ({ label: name, auc: 0.5, falsePositiveRate: [0, 1], truePositiveRate: [0, 1] })
  const even = names.map(() => names.map(() => 1 / names.length))
  const charts = [
    confusionMatrixChart({ classes: names, counts: names.map(() => names.map(() => 1)), shares: even }),
    importanceChart({
      metric: 'f1_macro',
      baseline: 0.5,
      columns: names.map((name) => ({ name, mean: 0.1, std: 0.01, losses: [] })),
    }),
    rocChart(names.map((name) => ({ ...label(name), thresholds: [null, 0] }))),
    candidatesChart({ metric: 'F1', greaterIsBetter: true, candidates: names.map((name) => ({ name, value: 0.5 })) }),
  ]
  for (const chart of [...charts, ...charts]) {
    const shown = texts(await renderChart(chart)).map((text) => text.replaceAll('\u2060', ''))
    for (const name of names) expect(shown.join('\n'), chart.title).toContain(name)
  }
  expect(inherited()).toEqual(before)
  expect(Object.keys(Object.prototype)).toEqual([])
})

test('candidates stand best first, also where lower is better, and one without a value is left out', async () => {
  const chart = candidatesChart({
    metric: 'RMSE',
    greaterIsBetter: false,
    candidates: [
      { name: 'worst', value: 3 },
      { name: 'broken', value: Number.NaN },
      { name: 'best', value: 1, low: 0.5, high: 1.5, role: 'winner' },
      { name: 'baseline', value: 2, low: Number.NaN, high: Number.NaN, role: 'baseline' },
    ],
  })
  expect(chart.description).toBe('RMSE, best first: best 1.00 (0.500 to 1.50), baseline 2.00, worst 3.00.')
  const shown = texts(await renderChart(chart))
  expect(shown).toContain('Lower is better. Lines: 95 % intervals')
  expect(shown).not.toContain('broken')
})

test('candidates without intervals are not said to have lines for them', async () => {
  const candidates = [{ name: 'k-means, 2 clusters', value: 0.1 }]
  const shown = texts(await renderChart(candidatesChart({ metric: 'Silhouette', greaterIsBetter: true, candidates })))
  expect(shown).toContain('Higher is better')
  expect(shown.join(' ')).not.toContain('intervals')
})

test('charts of nothing are drawn without failing: no rows, no columns, a class that does not occur', async () => {
  const empty = [
    rocChart([{ label: 'a', auc: null, falsePositiveRate: [], truePositiveRate: [], thresholds: [] }]),
    precisionRecallChart([
      { label: 'a', averagePrecision: null, prevalence: 0, recall: [], precision: [], thresholds: [] },
    ]),
    calibrationChart({ strategy: 'uniform', curves: [], confidence: [] }),
    importanceChart({ metric: 'f1_macro', baseline: 0, columns: [] }),
    candidatesChart({ metric: 'F1', greaterIsBetter: true, candidates: [] }),
    predictedActualChart({ nRows: 0, actual: [], predicted: [] }, { target: 'y' }),
    residualChart({ nRows: 1, actual: [3], predicted: [3] }, { target: 'y' }),
  ]
  for (const chart of empty) {
    const svg = await renderChart(chart)
    expect(openTags(svg)).toEqual([])
    expect(svg, chart.title).not.toMatch(/NaN|Infinity/)
  }
})
