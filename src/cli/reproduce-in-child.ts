import type { MakeAgain } from '../server/reproductions.ts'
import { runInChild } from './run-in-child.ts'

/** `runs reproduce` in a process of its own. @param place Where the home is. */
export function reproduceInChild(place: string): MakeAgain {
  return (runId, signal) => runInChild(place, ['runs', 'reproduce', runId], { signal })
}
