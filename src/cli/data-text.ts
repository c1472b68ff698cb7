import type { DatasetVersion } from '../track/dataset-store.ts'

/** In a home: what files on this machine looked like when they became a version. */
export const FILE_INDEX_FOLDER = 'file-index'

/** A size for people: `3.2 MB`, by powers of 1000. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = -1
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** How much a version holds: `4424 rows`, `12 files, 3.2 MB`; of one whose rows were destroyed how much it held. */
export function extentText({ nRows, files, erased }: Pick<DatasetVersion, 'nRows' | 'files' | 'erased'>): string {
  if (erased) return `${nRows} rows, destroyed`
  if (!files) return `${nRows} rows`
  return `${files.nFiles} ${files.nFiles === 1 ? 'file' : 'files'}, ${bytesText(files.sizeBytes)}`
}

/** A value for people: at most six significant digits, so `18.1667` and not `18.166666666666668`; whole numbers as they are. */
export function shortNumber(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))
}
