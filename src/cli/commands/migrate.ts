import { BellwetherError } from '../../errors.ts'
import { isDatabaseUrl, parseHomePlace, withBlobsOf } from '../../store/home-place.ts'
import { openHome } from '../../store/open-home.ts'
import { transferHome } from '../../store/transfer/transfer-home.ts'
import type { TransferredPredictions } from '../../store/transfer/transfer-predictions.ts'
import { text } from '../context.ts'
import { note, printJson, printLine } from '../output.ts'

/** Copies a home into another, such as from SQLite to PostgreSQL. Where the target names no place for blobs, they stay where the source has them. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const source = text(options, 'from')
  const target = text(options, 'to')
  if (!source || !target) throw new BellwetherError('USAGE', 'migrate takes --from and --to.')
  const own = parseHomePlace(source)
  const { folder } = own
  const place = isDatabaseUrl(target) ? withBlobsOf(target, own) : target
  const to = parseHomePlace(place)
  if (to.folder === folder && to.databaseUrl === own.databaseUrl && to.bucketUrl === own.bucketUrl)
    throw new BellwetherError('USAGE', 'migrate takes two homes; --from and --to name the same one.')
  const from = await openHome(source, { readOnly: true })
  try {
    const home = await openHome(place, { create: true })
    try {
      const result = await transferHome(from, home, note)
      if (options['json']) printJson(result)
      else {
        const rows = result.tables.reduce((sum, table) => sum + table.rows, 0)
        printLine(
          `${result.already ? 'already there: ' : ''}${result.tables.length} tables with ${rows} rows, ${result.blobs} blobs (${result.blobsCopied} copied), ` +
            `${predictionsTold(result.predictions, to.folder === folder)}; ` +
            `counts and hashes agree, and the ledger's ${result.ledgerEntries} entries hold`,
        )
      }
      return 0
    } finally {
      await home.close()
    }
  } finally {
    await from.close()
  }
}

function predictionsTold({ segments, segmentsCopied }: TransferredPredictions, samePlace: boolean): string {
  return samePlace
    ? 'the prediction log where it is'
    : `${segments} files of the prediction log (${segmentsCopied} copied)`
}
