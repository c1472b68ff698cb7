import type { EChartsOption } from 'echarts'

/** A picture before it is drawn: what ECharts is to draw, how large, and what it shows in words. */
export interface Chart {
  readonly option: EChartsOption
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly title: string
  /** One sentence for those who can't see the picture. */
  readonly description: string
}

/** What every chart can be told. */
export interface ChartOptions {
  /** Replaces the chart's own title. */
  readonly title?: string
  /** Under the title, such as "synthetic data" or "test rows, 885". */
  readonly subtitle?: string
}
