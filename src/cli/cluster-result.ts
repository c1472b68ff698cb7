import pc from 'picocolors'
import type { ClusteringResult } from '../pipeline/execute-clustering.ts'
import { formatTable } from './format-table.ts'
import { figure, printLine } from './output.ts'

const TITLES: Readonly<Record<string, string>> = {
  silhouette: 'Silhouette (higher is better, to 1)',
  davies_bouldin: 'Davies-Bouldin (lower is better, from 0)',
  calinski_harabasz: 'Calinski-Harabasz (higher is better)',
  stability: 'Stability on halves of the rows (1 the same clusters, about 0 chance)',
  bic: 'BIC (lower is better)',
  aic: 'AIC (lower is better)',
}

/** What a person reads when a clustering is done: what each number of clusters scored, and what sets the clusters apart. */
export function printClusteringResult(result: ClusteringResult): void {
  const { best, candidates, clusters, metrics, model } = result
  printLine()
  printLine(
    formatTable(
      ['kind of model', 'clusters', best.by],
      candidates.map(({ estimator, nClusters, score, reason }) => {
        const chosen = estimator === best.estimator && nClusters === best.nClusters
        return [
          chosen ? pc.green(`${estimator} *`) : estimator,
          nClusters,
          score === null ? (reason ?? '') : figure(score),
        ]
      }),
      ['left', 'right', 'right'],
    ),
  )
  printLine(pc.dim(`* best by ${best.by}`))
  printLine()
  printLine(
    formatTable(
      ['cluster', 'rows', 'share', 'what sets it apart, in standard deviations from all rows'],
      clusters.map(({ cluster, rows, share, differs }) => [
        cluster,
        rows,
        `${(100 * share).toFixed(1)} %`,
        differs
          .map(({ feature, deviations }) => `${feature} ${deviations > 0 ? '+' : ''}${deviations.toFixed(1)}`)
          .join(', '),
      ]),
      ['right', 'right', 'right', 'left'],
    ),
  )
  printLine()
  for (const [name, value] of Object.entries(metrics))
    printLine(`${(value === null ? 'none' : figure(value)).padStart(10)}  ${TITLES[name] ?? name}`)
  printLine()
  for (const gate of result.gates) {
    printLine(
      `${gate.passed ? pc.green('gate passed') : pc.red('gate failed')}  ${gate.metric} ${figure(gate.value)}: ${gate.expected}`,
    )
  }
  printLine(
    `${pc.bold(`${model.name} version ${model.version}`)}${model.aliases.length ? ` is ${model.aliases.join(', ')} now` : ' is registered, without an alias: a gate said no'}`,
  )
  printLine(
    `${pc.bold(`${best.nClusters} clusters`)} by ${best.estimator} of ${result.dataset.rows} rows; run ${result.runId.slice(0, 8)}, ${result.seconds.toFixed(1)} s`,
  )
}
