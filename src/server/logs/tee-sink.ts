import type { LogSink } from './bounded-sink.ts'

/** One log to several places. */
export function teeSink(...sinks: readonly LogSink[]): LogSink {
  return {
    write(line) {
      for (const sink of sinks) sink.write(line)
    },
  }
}
