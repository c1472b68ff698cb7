import type { ReactNode } from 'react'
import type { TrafficPlan } from '../../../../../src/track/traffic-plan.ts'
import { Badge } from '../../../components/badge.tsx'
import { Card } from '../../../components/card.tsx'
import { type Column, DataTable } from '../../../components/data-table.tsx'
import { formatShare } from '../../../format/numbers.ts'
import { type TrafficState, useTraffic } from '../api/get-traffic.ts'

interface Row {
  readonly key: string
  readonly alias: string
  readonly version: number | null
  readonly share: ReactNode
  readonly asked: string
  readonly failed: number
  readonly agreement: string
  readonly time: string
}

/** Who answers a model's requests; nothing where the champion answers all of them. */
export function ModelTraffic({ model }: { model: string }) {
  const { data } = useTraffic(model)
  if (!data?.plan) return null
  return (
    <Card title="Traffic" note={noteOf(data.plan)}>
      <DataTable caption={`Traffic of ${model}`} columns={COLUMNS} rows={rowsOf(data)} rowKey={({ key }) => key} />
      {data.dropped > 0 ? (
        <p className="soft small">{data.dropped} records were not shown to shadows: too many waited.</p>
      ) : null}
    </Card>
  )
}

const COLUMNS: Column<Row>[] = [
  {
    key: 'alias',
    title: 'Alias',
    cell: ({ alias }) => <Badge text={alias} tone={alias === 'champion' ? 'good' : 'accent'} />,
  },
  { key: 'version', title: 'Version', cell: ({ version }) => version ?? 'none' },
  { key: 'share', title: 'Share', cell: ({ share }) => share },
  { key: 'asked', title: 'Asked', numeric: true, cell: ({ asked }) => asked },
  { key: 'failed', title: 'Failed', numeric: true, cell: ({ failed }) => failed },
  { key: 'agreement', title: 'Agrees', numeric: true, cell: ({ agreement }) => agreement },
  { key: 'time', title: 'Time', numeric: true, cell: ({ time }) => time },
]

function rowsOf({ variants, shadows }: TrafficState): Row[] {
  return [
    ...variants.map(
      ({ alias, version, percent, requests, failed, latencyP95Ms, compared, disagreed }): Row => ({
        key: alias,
        alias,
        version,
        share: `${percent}%`,
        asked: `${requests} ${requests === 1 ? 'request' : 'requests'}`,
        failed,
        agreement: shareOf(compared - disagreed, compared),
        time: latencyP95Ms === null ? '–' : `95% within ${milliseconds(latencyP95Ms)}`,
      }),
    ),
    ...shadows.map(
      ({ alias, version, records, agreed, failed, meanLatencyMs }): Row => ({
        key: `shadow ${alias}`,
        alias,
        version,
        share: 'shadow',
        asked: `${records + failed} ${records + failed === 1 ? 'record' : 'records'}`,
        failed,
        agreement: shareOf(agreed, records),
        time: meanLatencyMs === null ? '–' : `${milliseconds(meanLatencyMs)} on average`,
      }),
    ),
  ]
}

function noteOf({ sticky, header, stop }: TrafficPlan): string {
  const who = {
    none: 'Requests are dealt by chance.',
    header: `Requests with the same ${header} get the same version.`,
    id: 'A person always gets the same version.',
    key: 'A caller always gets the same version.',
  }
  return `${who[sticky]} Figures of this server: shares over the last ${stop.windowSeconds} s, shadows since the plan was set.`
}

const shareOf = (part: number, whole: number) => (whole === 0 ? '–' : formatShare(part / whole))
const milliseconds = (value: number) => `${Number(value.toPrecision(2))} ms`
