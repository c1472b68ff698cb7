import path from 'node:path'
import { createLogger, droppedLine, type LogSink, standardErrorSink } from '../server/logger.ts'
import { BoundedSink } from '../server/logs/bounded-sink.ts'
import { keepLogs, type LogKeeping, packLogFile } from '../server/logs/keep-logs.ts'
import { LogFiles } from '../server/logs/log-files.ts'
import { LogSettings } from '../server/logs/log-settings.ts'
import { teeSink } from '../server/logs/tee-sink.ts'
import { note } from './output.ts'
import { readableLog } from './readable-log.ts'

export interface ServerLog {
  readonly sink: LogSink
  readonly level: LogSettings['level']
  /** Lines that were lost since the start. */
  readonly dropped: () => number
  /** Everything that was said is out, and on disk, when it resolves. */
  close(): Promise<void>
}

const SYNC_MS = 1000
const KEEP_MS = 60 * 60 * 1000
/** What the end of a server waits for a pipe that nobody reads. */
const LAST_WORDS_MS = 1000

/**
 * The log of a server: standard error, as JSON or, on a terminal, for people; and files in the home, which are rotated, packed, archived and
 * deleted as the settings say. An exception that nobody caught is its last line, and on disk.
 */
export function openServerLog(
  given: LogSettings | undefined,
  homeFolder: string,
  { terminal }: { readonly terminal: boolean },
): ServerLog {
  const settings = given ?? LogSettings.parse({})
  const error = standardErrorSink()
  const shown = terminal ? readableLog(note) : error
  const files = settings.files ? openFiles(settings, logFolder(settings, homeFolder)) : null
  const sink = files ? teeSink(shown, files.sink) : shown
  const last = createLogger({ sink })
  // In place of Node's own last words, which hold the error's message, and with it whatever that quotes.
  const onFatal = (cause: unknown, origin: string) => {
    last.fatal({ err: cause, origin }, 'an error that nobody caught ends the process')
    process.exit(1)
  }
  const onExit = () => {
    files?.sink.flushSync()
    error.flushSync()
  }
  process.on('uncaughtException', onFatal)
  process.on('exit', onExit)
  return {
    sink,
    level: settings.level,
    dropped: () => error.dropped + (files?.sink.dropped ?? 0),
    async close() {
      await files?.close()
      await error.flush(LAST_WORDS_MS)
      process.off('uncaughtException', onFatal)
      process.off('exit', onExit)
    },
  }
}

/** Where the log files of a home are. */
export function logFolder(settings: Pick<LogSettings, 'folder'> | undefined, homeFolder: string): string {
  return path.resolve(settings?.folder ?? path.join(homeFolder, 'logs'))
}

function openFiles(settings: LogSettings, folder: string) {
  const keeping: LogKeeping = { ...settings, folder }
  const complain = (error: unknown) => {
    const line = createLogger({ sink: { write: (text) => sink.write(text) } })
    line.warn({ err: error }, 'an old log file could not be packed, archived or deleted')
  }
  const files = new LogFiles({
    folder,
    component: 'server',
    clock: Date.now,
    maxFileBytes: settings.maxFileBytes,
    rotateHours: settings.rotateHours,
    onEnded: (file) => {
      if (!closing) void packLogFile(file, settings.compress).catch(complain)
    },
  })
  let closing = false
  const sink = new BoundedSink(files, { droppedLine: (dropped) => droppedLine('server', dropped) })
  const syncing = setInterval(() => void files.sync().catch(() => {}), SYNC_MS).unref()
  const keep = () => void keepLogs(keeping, Date.now(), complain)
  const keepingTimer = setInterval(keep, KEEP_MS).unref()
  keep()
  return {
    sink,
    async close() {
      clearInterval(syncing)
      clearInterval(keepingTimer)
      // The last file is packed when its day is over: the next start is quick, and who looks at once finds it as it is.
      closing = true
      await sink.close()
    },
  }
}
