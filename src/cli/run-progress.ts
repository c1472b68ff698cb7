import { Presets, SingleBar } from 'cli-progress'
import pc from 'picocolors'
import type { RunEvent } from '../pipeline/run-events.ts'
import { figure, note, noteLabelled } from './output.ts'

const STAGES = {
  cluster: 'fitting each number of clusters',
  judge: 'scores, and stability on halves of the rows',
  refit: 'fitting the best of each kind on all training rows',
  blend: 'choosing what answers: blend, calibration, labels',
  evaluate: 'evaluating on the test rows',
  figures: 'drawing figures',
  register: 'packaging and registering',
} as const
const METHODS: Readonly<Record<string, string>> = { randomised: 'randomised', halving: 'halving', tpe: 'TPE' }
const LINE_EVERY_MS = 5000
/** Characters of the bar's line that are not the bar: indent, share, fits, time left, best. */
const BESIDE_THE_BAR = 70
const FITS_BEFORE_ESTIMATE = 5

/** Draws a run on standard error: a bar with the time left on a terminal, plain lines elsewhere. */
export function runProgress(): { onEvent(event: RunEvent): void; stop(): void } {
  const terminal = process.stderr.isTTY === true
  let bar: SingleBar | null = null
  let started = 0
  let lastLine = 0
  let best = ''

  const stop = () => {
    bar?.stop()
    bar = null
  }
  const onEvent = (event: RunEvent) => {
    switch (event.type) {
      case 'dataset':
        note(
          `data      ${event.nRows} rows x ${event.nColumns} columns${event.nRejected ? `, ${event.nRejected} rejected` : ''}  ${pc.dim(event.id.slice(0, 19))}`,
        )
        break
      case 'warning':
        noteLabelled('warning', event.message, pc.yellow)
        break
      case 'note':
        noteLabelled('note', event.message, pc.dim)
        break
      case 'search-started':
        note(
          `search    ${METHODS[event.method] ?? event.method}, ${event.trials} trials x ${event.folds} folds on ${event.threads} ${event.threads === 1 ? 'thread' : 'threads'}${event.timeBudgetSeconds === null ? '' : `, at most ${event.timeBudgetSeconds} s`}${event.restored > 0 ? `; ${event.restored} trials taken up` : ''}`,
        )
        started = Date.now()
        lastLine = started
        if (terminal) {
          bar = new SingleBar(
            {
              format: `          {bar} {percentage}%  {value}/{total} fits  {left} left  {best}`,
              hideCursor: true,
              barsize: Math.min(Math.max(process.stderr.columns - BESIDE_THE_BAR, 6), 28),
              stream: process.stderr,
            },
            Presets.shades_classic,
          )
          bar.start(event.trials * event.folds, 0, { best: '', left: '?' })
        }
        break
      case 'fold-finished': {
        const left = timeLeft(started, event.done, event.total)
        bar?.update(event.done, { best, left })
        if (!terminal && (Date.now() - lastLine > LINE_EVERY_MS || event.done === event.total)) {
          lastLine = Date.now()
          note(`search    ${event.done}/${event.total} fits, ${left} left${best ? `, ${best}` : ''}`)
        }
        break
      }
      case 'trial-finished':
        if (event.best !== null) best = `best ${event.scoring} ${figure(event.best)}`
        else if (event.rung) best = `rung ${event.rung.index + 1} of ${event.rung.count}`
        break
      case 'search-ended':
        if (!event.complete) {
          stop()
          note(`search    ended after ${event.done} of ${event.planned} trials; --trials-done ${event.done} repeats it`)
        }
        break
      case 'stage':
        stop()
        note(`${event.stage.padEnd(9)} ${STAGES[event.stage]}`)
        break
      case 'registered':
        note(
          `model     ${event.model} version ${event.version}${event.aliases.length ? ` (${event.aliases.join(', ')})` : ''}`,
        )
        break
    }
  }
  return { onEvent, stop }
}

/** The first fits also start the workers: they tell nothing of the time that is left. */
function timeLeft(started: number, done: number, total: number): string {
  if (done < Math.min(FITS_BEFORE_ESTIMATE, total)) return '?'
  const seconds = Math.round((((Date.now() - started) / done) * (total - done)) / 1000)
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds} s`
}
