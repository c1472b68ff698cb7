import { writeSync } from 'node:fs'
import { keyRingFromEnvironment } from '../../security/at-rest/key-ring.ts'
import { rotateEncryption } from '../blobs/rotate-encryption.ts'

/** Rotates the blobs in the folder `argv[2]` to the first key of the environment, and tells of each blob. The test kills it. */
await rotateEncryption(process.argv[2]!, (await keyRingFromEnvironment(process.env))!, () => writeSync(1, '.'))
