import pc from 'picocolors'
import { metricNamed } from '../evaluate/metrics/registry.ts'
import type { RunResult } from '../pipeline/execute-run.ts'
import { formatTable } from './format-table.ts'
import { headlineMetrics } from './headline-metrics.ts'
import { figure, printLine } from './output.ts'

/** What a person reads when a run is done: the kinds of model side by side, then winner and baseline with intervals. */
export function printRunResult(result: RunResult, scoring: string): void {
  const metrics = headlineMetrics(Object.keys(result.test), scoring)
  const head = [
    'kind of model',
    'trials',
    `cross-validated\n${scoring}`,
    ...metrics.map((name) => `test\n${name}`),
    'fitting\nseconds',
  ]
  printLine()
  printLine(
    formatTable(
      head,
      result.candidates.map((candidate) => [
        candidate.estimator === result.best.estimator ? pc.green(`${candidate.estimator} *`) : candidate.estimator,
        candidate.failed ? `${candidate.trials} (${candidate.failed} failed)` : candidate.trials,
        `${figure(candidate.cv[scoring])} ± ${figure(candidate.cvStd[scoring])}`,
        ...metrics.map((name) => figure(candidate.test[name])),
        candidate.seconds.toFixed(1),
      ]),
      ['left', ...head.slice(1).map(() => 'right' as const)],
      { droppable: [head.length - 1, 1, ...metrics.map((_, index) => 2 + metrics.length - index)] },
    ),
  )
  printLine(pc.dim('* best in cross-validation'))
  for (const line of answerLines(result.best)) printLine(line)
  printSearch(result.search)
  printLine()
  printLine(
    formatTable(
      [
        'on the test rows',
        `${result.best.members.length > 1 ? 'blend' : result.best.estimator}, 95 % interval`,
        'baseline',
      ],
      metrics.map((name) => {
        const bounds = result.intervals[name]
        return [
          metricNamed(name).title,
          `${figure(result.test[name])}  [${figure(bounds?.[0])}, ${figure(bounds?.[1])}]`,
          figure(result.baseline[name]),
        ]
      }),
      ['left', 'right', 'right'],
    ),
  )
  printLine()
  for (const gate of result.gates) {
    printLine(
      `${gate.passed ? pc.green('gate passed') : pc.red('gate failed')}  ${gate.metric} ${figure(gate.value)}: ${gate.expected}`,
    )
  }
  const { name, version, aliases } = result.model
  printLine(
    `${pc.bold(`${name} version ${version}`)}${aliases.length ? ` is ${aliases.join(', ')} now` : ' is registered, without an alias: a gate said no'}; run ${result.runId.slice(0, 8)}, ${result.seconds.toFixed(1)} s`,
  )
}

/** What answers, and what each step gained on rows that it had not seen. */
function answerLines({ members, blend, calibration, decision, labels }: RunResult['best']): string[] {
  const lines: string[] = []
  const share = ({ estimator, trial, weight }: (typeof members)[number]) =>
    `${estimator} ${trial} (${(100 * weight).toFixed(0)} %)`
  if (members.length > 1) lines.push(`${pc.bold('blend')}: ${members.map(share).join(', ')}`)
  if (blend) {
    const beside = `${blend.metric} ${figure(blend.blend)} beside ${figure(blend.single)} of the best single model`
    const gain = `gain ${figure(blend.gain)} ± ${figure(blend.standardError)}`
    lines.push(
      members.length > 1
        ? `blended out of fold: ${beside}, ${gain}${blend.gain > blend.standardError ? '' : ', too close to tell apart'}`
        : pc.dim(`no blend: out of fold ${beside}, ${gain}, too little for more than one model`),
    )
  }
  if (calibration) {
    const { before, after } = calibration.logLoss
    const others = Object.entries(calibration.compared).filter(([method]) => method !== 'none')
    lines.push(
      calibration.method === 'none'
        ? pc.dim(`not calibrated: log_loss ${figure(before)} out of fold${besides(others)}`)
        : `calibrated by ${calibration.method}: log_loss ${figure(before)} to ${figure(after)} out of fold`,
    )
  }
  if (decision && labels) {
    const weights = Object.entries(decision).map(([label, weight]) => `${label} ${weight.toFixed(2)}`)
    lines.push(
      `labels by weight x probability (${weights.join(', ')}): ${labels.metric} ${figure(labels.mostProbable)} to ${figure(labels.decided)} out of fold`,
    )
  }
  return lines
}

/** What the calibrators that were compared would have made of it; nothing where none was. */
function besides(others: readonly (readonly [string, number])[]): string {
  return others.length === 0
    ? ''
    : `, no better by ${others.map(([method, value]) => `${method} (${figure(value)})`).join(', ')}`
}

/** The rungs of a search by halving, and what ended a search before its plan did. */
function printSearch({ rungs, complete, trialsDone, timeBudgetSeconds, resumed }: RunResult['search']): void {
  if (rungs.length > 0) {
    const names = [...new Set(rungs.flatMap(({ estimators }) => estimators.map(({ estimator }) => estimator)))]
    const head = ['candidates, each with', ...rungs.map(({ rung }) => `rung ${rung + 1}`)]
    const cell = (of: RunResult['search']['rungs'][number]['estimators'][number] | undefined) =>
      of ? `${of.trials}, ${of.amount} ${of.resource}` : ''
    printLine()
    printLine(
      formatTable(
        head,
        names.map((name) => [name, ...rungs.map((rung) => cell(rung.estimators.find((of) => of.estimator === name)))]),
        ['left', ...rungs.map(() => 'right' as const)],
      ),
    )
  }
  if (resumed) printLine(pc.dim(`${resumed.trials} trials were taken up from run ${resumed.runId.slice(0, 8)}`))
  if (complete) return
  const why = timeBudgetSeconds === null ? 'as asked' : `by its time budget of ${timeBudgetSeconds} s`
  printLine(pc.dim(`the search ended ${why} after ${trialsDone} trials; --trials-done ${trialsDone} repeats it`))
}
