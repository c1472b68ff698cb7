import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { isSealed } from '../../src/security/at-rest/container.ts'
import { openHome } from '../../src/store/open-home.ts'
import { readFrames } from '../../src/store/prediction-log/segment.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'
import { startServing } from '../support/served.ts'

/* What the bytes of a home hold of people: everything that a run, a server, a batch and a refused request leave behind is looked through. */

const { folder, remove } = temporaryFolder()
afterAll(remove)
vi.setConfig({ testTimeout: 600_000 })

/** Distinctive, so that their bytes are found wherever they are. */
const TRAINED = { id: 'QQTRAINID', gender: 'QQTRAINGENDER', remark: 'QQTRAINREMARK' }
const ASKED = { id: 'QQASKEDID', gender: 'QQASKEDGENDER', remark: 'QQASKEDREMARK' }
const REFUSED = { id: 'QQREFUSEDID', gender: 'QQREFUSEDGENDER', remark: 'QQREFUSEDREMARK' }

/** A home in which pupils were learnt from, asked about over HTTP and on the command line, and refused. */
async function makeHome(name: string, env: NodeJS.ProcessEnv, sensitive: string): Promise<string> {
  const home = path.join(folder, name)
  const pupils = makePupils(160).map((pupil, i) => ({
    ...pupil,
    ...(i === 5 ? { 'student id': TRAINED.id, remark: TRAINED.remark } : {}),
    gender: i % 2 === 0 ? TRAINED.gender : 'other',
  }))
  const project = writePupilsProject(
    path.join(folder, `${name}-project`),
    pupils,
    '  sensitive: [gender]\n  columns: { age: { min: 10, max: 40 } }\n' +
      `models: [baseline, logistic-regression]\nsearch: { trials: 1, folds: 2 }\nserving: { predictionLog: { sensitive: ${sensitive} } }\n`,
  )
  const csv = path.join(project, 'pupils.csv')
  // One row of the person is rejected.
  writeFileSync(
    csv,
    `${readFileSync(csv, 'utf8')}${TRAINED.id},99,12,33,town,true,2024-09-03,${TRAINED.remark},pass,other\n`,
  )
  const run = await bellwether(['run', project, '--home', home], { env, timeoutMs: 300_000 })
  expect(run.status, run.stderr).toBe(0)
  const record = (who: typeof ASKED, more: object = {}) => ({
    ...{ ...pupils[5], outcome: undefined, age: 20 },
    ...{ 'student id': who.id, gender: who.gender, remark: who.remark },
    ...more,
  })
  const server = await startServing(['serve', '--home', home], { env })
  try {
    const url = '/api/v1/models/pupils/predict'
    expect((await server.post(url, { records: [record(ASKED)] })).status).toBe(200)
    expect((await server.post(url, { records: [record(REFUSED, { age: REFUSED.remark })] })).status).toBe(400)
    expect((await server.post(url, { records: [{ ...record(REFUSED), [REFUSED.id]: REFUSED.id }] })).status).not.toBe(
      500,
    )
    expect((await server.post('/api/v1/predictions/find', { identifier: ASKED.id })).status).toBe(200)
  } finally {
    const { stdout, stderr } = await server.stop()
    for (const marker of [ASKED, REFUSED].flatMap((who) => Object.values(who)))
      expect(stdout + stderr).not.toContain(marker)
  }
  const batch = path.join(folder, `${name}-batch.csv`)
  const [head, row] = readFileSync(csv, 'utf8').split('\n')
  const asked = row!.replace(/^P\d+/, ASKED.id).replace(TRAINED.gender, ASKED.gender)
  writeFileSync(batch, `${head}\n${asked}\n${asked.replace(/^QQASKEDID,\d+/, `${REFUSED.id},old`)}\n`)
  const out = path.join(folder, `${name}-out.csv`)
  const predicted = await bellwether(['predict', 'pupils', '--data', batch, '--out', out, '--home', home], { env })
  expect(predicted.status, predicted.stderr).toBe(1)
  return home
}

/** Path -> bytes of all files below. */
function filesOf(home: string): Map<string, Buffer> {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name)
      return [path.relative(home, file), readFileSync(file)]
    }),
  )
}

const holding = (texts: ReadonlyMap<string, Buffer>, marker: string) =>
  [...texts].filter(([, bytes]) => bytes.includes(marker)).map(([name]) => name)

/** The files, and what the packed ones among them stand for. */
async function unpacked(home: string): Promise<Map<string, Buffer>> {
  const texts = filesOf(home)
  for (const name of [...texts.keys()].filter((each) => each.startsWith('predictions') && each.endsWith('.bwpl')))
    for await (const lines of readFrames(path.join(home, name), null))
      texts.set(`${name} unpacked`, Buffer.from(lines.join('\n')))
  const opened = await openHome(home, { readOnly: true, ring: null })
  try {
    for await (const { hash } of opened.blobs.list())
      texts.set(`${hash} unpacked`, Buffer.from(await opened.blobs.get(hash)))
  } finally {
    await opened.close()
  }
  return texts
}

describe.each(['drop', 'hash'])('without a key, where a project has its sensitive columns "%s"', (mode) => {
  test('identifiers and sensitive columns are in the tables that were learnt from, and nowhere else', async () => {
    const texts = await unpacked(await makeHome(mode, {}, mode))
    const names = [...texts.keys()]
    expect(names.filter((name) => name.startsWith('predictions') && name.endsWith('unpacked'))).toHaveLength(2)
    expect(names.some((name) => name.startsWith('logs'))).toBe(true)
    for (const marker of [ASKED.id, ASKED.gender, ...Object.values(REFUSED)])
      expect(holding(texts, marker), marker).toEqual([])
    // The log has what the model reads, as it is meant to.
    expect(holding(texts, ASKED.remark).filter((name) => !name.startsWith('predictions'))).toEqual([])
    expect(holding(texts, ASKED.remark)).toContainEqual(expect.stringMatching(/unpacked$/))
    for (const marker of [TRAINED.id, TRAINED.gender])
      expect(
        holding(texts, marker).filter((name) => !/^(?:sha256:|blobs\/|bellwether\.db)/.test(name)),
        marker,
      ).toEqual([])
  })
})

describe('with a key', () => {
  test('no value of a person is in any file but the database, and every blob and every file of the log is encrypted', async () => {
    const home = await makeHome('sealed', { BELLWETHER_ENCRYPTION_KEYS: 'ab'.repeat(32) }, 'encrypt')
    const files = filesOf(home)
    for (const marker of [ASKED, REFUSED].flatMap((who) => Object.values(who)))
      expect(holding(files, marker), marker).toEqual([])
    for (const marker of Object.values(TRAINED))
      expect(
        holding(files, marker).filter((name) => !name.startsWith('bellwether.db')),
        marker,
      ).toEqual([])
    const plain = [...files].filter(([name, bytes]) => {
      if (name.startsWith('blobs')) return /[0-9a-f]{64}$/.test(name) && !isSealed(bytes)
      return name.endsWith('.bwpl') && bytes.subarray(0, 6).toString() !== 'BWPL2\n'
    })
    expect(plain.map(([name]) => name)).toEqual([])
    expect([...files.keys()].filter((name) => name.endsWith('.bwpl'))).toHaveLength(2)
    const known = /^(?:bellwether\.db|blobs\/|logs\/|predictions\/)/
    expect([...files.keys()].filter((name) => !known.test(name))).toEqual([])
  })
})
