import { ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

// Only what the pages draw, so that the reader's browser loads no more.
use([ScatterChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer])

export { init }
