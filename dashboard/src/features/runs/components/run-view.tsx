import type { RunDetail } from '../../../../../src/track/tracking-store.ts'
import { Card } from '../../../components/card.tsx'
import { Notice } from '../../../components/notice.tsx'
import { Pairs } from '../../../components/pairs.tsx'
import { ServerFileLink } from '../../../components/server-file-link.tsx'
import { Failure, Loading } from '../../../components/states.tsx'
import { formatParams } from '../../../format/numbers.ts'
import { formatDuration, formatTime } from '../../../format/times.ts'
import { artifactUrl } from '../api/artifact-url.ts'
import { useRun } from '../api/get-run.ts'
import { useTrials } from '../api/get-trials.ts'
import { Pictures } from './pictures.tsx'
import { RunMetrics } from './run-metrics.tsx'
import { RunStatusBadge } from './run-status.tsx'
import { Trials } from './trials.tsx'

/** Tags that are told in words above the rest, not listed. */
const TOLD = { notes: 'bellwether.notes', warnings: 'bellwether.warnings', error: 'bellwether.error' } as const

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
  const { tags, params } = run.data
  return (
    <div className="stack">
      <RunHead run={run.data} version={version} hrefOfRun={hrefOfRun} />
      <Told tone="warn" text={tags[TOLD.notes]} />
      <Told tone="warn" title="Met on the way" text={tags[TOLD.warnings]} />
      <Told tone="bad" title="Why it failed" text={tags[TOLD.error]} />
      <div className="columns">
        <RunMetrics metrics={run.data.metrics} />
        <Values title="Params" note="What was set, and what the search chose." values={shortened(params)} />
      </div>
      <Pictures run={run.data} />
      {trials.isError ? <Failure error={trials.error} what="the trials" onRetry={() => void trials.refetch()} /> : null}
      {trials.data && trials.data.length > 0 ? (
        <Trials trials={trials.data} scoring={params['search.scoring']} hrefOfRun={hrefOfRun} />
      ) : null}
      <div className="columns">
        <Datasets run={run.data} />
        <Files run={run.data} />
        <Values title="Tags" note="Code, versions, machine." values={withoutTold(tags)} />
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
        {run.endTime === null || run.endTime === run.startTime
          ? ''
          : ` · took ${formatDuration(run.endTime - run.startTime)}`}
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

/** A tag that holds sentences, one a line. */
function Told({ tone, title, text }: { tone: 'warn' | 'bad'; title?: string; text: string | undefined }) {
  if (!text) return null
  return (
    <Notice tone={tone} {...(title ? { title } : {})}>
      {text.split('\n').map((line) => (
        <span key={line}>{line}</span>
      ))}
    </Notice>
  )
}

function withoutTold(tags: Readonly<Record<string, string>>): Record<string, string> {
  const told: readonly string[] = Object.values(TOLD)
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !told.includes(key)))
}

function shortened(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, formatParams([value])[0]!]))
}

function Values({ title, note, values }: { title: string; note: string; values: Readonly<Record<string, string>> }) {
  const items = Object.entries(values).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  if (items.length === 0) return null
  return (
    <Card title={title} note={note}>
      <Pairs
        items={items.map(([key, value]) => [key, value.length > LONG ? <LongValue key={key} text={value} /> : value])}
      />
    </Card>
  )
}

const LONG = 120

/** A value that would fill the card, behind a press. */
function LongValue({ text }: { text: string }) {
  return (
    <details>
      <summary>{text.length} characters</summary>
      <span className="mono">{text}</span>
    </details>
  )
}

function Datasets({ run }: { run: RunDetail }) {
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
          <ServerFileLink key={artifact.path} path={artifactUrl(run.id, artifact.path)}>
            {`${Math.max(1, Math.round(artifact.sizeBytes / 1024))} KB`}
          </ServerFileLink>,
        ])}
      />
    </Card>
  )
}
