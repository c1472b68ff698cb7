import type { RunDetail } from '../../../../../src/track/tracking-store.ts'
import { Card } from '../../../components/card.tsx'
import { Pairs } from '../../../components/pairs.tsx'
import { Failure, Loading } from '../../../components/states.tsx'
import { formatMetric } from '../../../format/numbers.ts'
import { formatDuration, formatTime } from '../../../format/times.ts'
import { artifactUrl } from '../api/artifact-url.ts'
import { useRun } from '../api/get-run.ts'
import { useTrials } from '../api/get-trials.ts'
import { metricTitle, sortMetrics } from '../figures/metric-keys.ts'
import { Pictures } from './pictures.tsx'
import { RunStatusBadge } from './run-status.tsx'
import { Trials } from './trials.tsx'

/** One run: what it got, what went in, its trials, its pictures. */
export function RunView({
  id,
  version,
  hrefOfRun,
}: {
  id: string
  version: string | undefined
  hrefOfRun: (id: string) => string
}) {
  const run = useRun(id)
  const trials = useTrials(id, run.data?.status === 'RUNNING')
  if (run.isPending) return <Loading what="the run" lines={10} />
  if (run.isError) return <Failure error={run.error} what="this run" onRetry={() => void run.refetch()} />
  return (
    <div className="stack">
      <RunHead run={run.data} version={version} hrefOfRun={hrefOfRun} />
      <div className="columns">
        <Metrics run={run.data} />
        <Params title="Params" note="What was set." values={run.data.params} />
      </div>
      <Pictures run={run.data} />
      {trials.isError ? <Failure error={trials.error} what="the trials" onRetry={() => void trials.refetch()} /> : null}
      {trials.data && trials.data.length > 0 ? <Trials trials={trials.data} hrefOfRun={hrefOfRun} /> : null}
      <div className="columns">
        <Inputs run={run.data} />
        <Files run={run.data} />
        <Params title="Tags" note="What was noted: code, versions, machine." values={run.data.tags} />
      </div>
    </div>
  )
}

function RunHead({
  run,
  version,
  hrefOfRun,
}: {
  run: RunDetail
  version: string | undefined
  hrefOfRun: (id: string) => string
}) {
  return (
    <div>
      <h1>
        {run.name} <RunStatusBadge status={run.status} />
      </h1>
      <p className="soft">
        {formatTime(run.startTime)}
        {run.endTime === null ? '' : ` · took ${formatDuration(run.endTime - run.startTime)}`}
        {version ? ` · became ${version}` : ''} · <span className="mono">{run.id}</span>
      </p>
      {run.parentRunId ? (
        <p>
          A trial of <a href={hrefOfRun(run.parentRunId)}>this run</a>.
        </p>
      ) : null}
    </div>
  )
}

function Metrics({ run }: { run: RunDetail }) {
  const keys = sortMetrics(Object.keys(run.metrics))
  if (keys.length === 0) return null
  return (
    <Card title="Metrics" note="The last value of each.">
      <Pairs items={keys.map((key) => [metricTitle(key), formatMetric(run.metrics[key]!)])} />
    </Card>
  )
}

function Params({ title, note, values }: { title: string; note: string; values: Readonly<Record<string, string>> }) {
  const items = Object.entries(values).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  if (items.length === 0) return null
  return (
    <Card title={title} note={note}>
      <Pairs items={items} />
    </Card>
  )
}

function Inputs({ run }: { run: RunDetail }) {
  if (run.datasets.length === 0) return null
  return (
    <Card title="Datasets" note="Versions are named by the hash of their content.">
      <Pairs
        items={run.datasets.map((dataset) => [
          dataset.context,
          <span key={dataset.id} className="mono">
            {dataset.id}
          </span>,
        ])}
      />
    </Card>
  )
}

function Files({ run }: { run: RunDetail }) {
  if (run.artifacts.length === 0) return null
  return (
    <Card title="Artifacts" note="Files that the run left.">
      <Pairs
        items={run.artifacts.map((artifact) => [
          artifact.path,
          <a key={artifact.path} href={artifactUrl(run.id, artifact.path)}>
            {`${Math.max(1, Math.round(artifact.sizeBytes / 1024))} KB`}
          </a>,
        ])}
      />
    </Card>
  )
}
