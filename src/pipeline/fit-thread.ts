/** A worker that helps with one fit and ends with it. */
import { workerData } from 'node:worker_threads'
import { type HelperJob, reportLost, runHelper } from '../learn/kernels/helper.ts'

const job = workerData as HelperJob
// However the thread ends: a fit that waits for it must not wait for ever.
process.once('exit', () => reportLost(job.memory, job.slot))
runHelper(job)
