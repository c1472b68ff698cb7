import type { ModelVersion } from '../../../../../src/track/model-registry.ts'
import { Badge } from '../../../components/badge.tsx'
import { Card } from '../../../components/card.tsx'
import { type Column, DataTable } from '../../../components/data-table.tsx'
import { Failure, Loading } from '../../../components/states.tsx'
import { formatMetric } from '../../../format/numbers.ts'
import { formatTime } from '../../../format/times.ts'
import { useVersions } from '../api/get-versions.ts'

const METRIC_COLUMNS = 4
const PREFERRED = ['f1_macro', 'f1', 'accuracy', 'roc_auc_ovr', 'log_loss', 'rmse', 'mae', 'r2']

/** A model's versions with their aliases and the metrics on the test rows. */
export function ModelVersions({ model, hrefOfRun }: { model: string; hrefOfRun: (id: string) => string }) {
  const versions = useVersions(model)
  if (versions.isPending) return <Loading what="the versions" />
  if (versions.isError)
    return <Failure error={versions.error} what="the versions" onRetry={() => void versions.refetch()} />
  const known = new Set(versions.data.flatMap((version) => Object.keys(version.metrics)))
  const metrics = [
    ...PREFERRED.filter((key) => known.has(key)),
    ...[...known].filter((key) => !PREFERRED.includes(key)),
  ].slice(0, METRIC_COLUMNS)
  const columns: Column<ModelVersion>[] = [
    {
      key: 'version',
      title: 'Version',
      sort: (version) => version.version,
      cell: (version) => <strong>{version.version}</strong>,
    },
    {
      key: 'aliases',
      title: 'Aliases',
      cell: (version) =>
        version.aliases.map((alias) => (
          <Badge key={alias} text={alias} tone={alias === 'champion' ? 'good' : 'accent'} />
        )),
    },
    {
      key: 'estimator',
      title: 'Estimator',
      sort: (version) => version.estimator,
      cell: (version) => version.estimator,
    },
    ...metrics.map(
      (key): Column<ModelVersion> => ({
        key,
        title: key,
        numeric: true,
        sort: (version) => version.metrics[key],
        cell: (version) => (version.metrics[key] === undefined ? '–' : formatMetric(version.metrics[key])),
      }),
    ),
    {
      key: 'created',
      title: 'Created',
      sort: (version) => version.createdTime,
      cell: (version) => formatTime(version.createdTime),
    },
    { key: 'run', title: 'Run', cell: (version) => <a href={hrefOfRun(version.runId)}>run</a> },
    {
      key: 'dataset',
      title: 'Dataset',
      cell: (version) => (
        <span className="mono" title={version.datasetId}>
          {version.datasetId.replace('sha256:', '').slice(0, 12)}
        </span>
      ),
    },
  ]
  return (
    <Card title="Versions" note="Metrics are those on the test rows; of clusters, on all rows.">
      <DataTable
        caption={`Versions of ${model}`}
        columns={columns}
        rows={versions.data}
        rowKey={(version) => String(version.version)}
        initialOrder={{ key: 'version', descending: true }}
      />
    </Card>
  )
}
