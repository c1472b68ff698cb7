import type { EChartsCoreOption } from 'echarts/core'
import { useEffect, useRef } from 'react'
import './chart.css'

/** A picture drawn by ECharts, which is loaded when the first one is shown. `label` tells its content to a screen reader. */
export function Chart({ option, label, height = 280 }: { option: EChartsCoreOption; label: string; height?: number }) {
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = frame.current
    if (!element) return
    let dispose = (): void => {}
    let gone = false
    void import('./echarts.ts').then(({ init }) => {
      if (gone) return
      const chart = init(element, undefined, { renderer: 'svg' })
      chart.setOption(option)
      const watcher = new ResizeObserver(() => chart.resize())
      watcher.observe(element)
      dispose = () => {
        watcher.disconnect()
        chart.dispose()
      }
    })
    return () => {
      gone = true
      dispose()
    }
  }, [option])
  return <div ref={frame} className="chart" role="img" aria-label={label} style={{ height }} />
}
