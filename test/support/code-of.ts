import { BellwetherError, type ErrorCode } from '../../src/errors.ts'

/** The code of the BellwetherError that `act` throws; null when it throws none, and any other error goes through. */
export function codeOf(act: () => unknown): ErrorCode | null {
  try {
    act()
  } catch (error) {
    if (error instanceof BellwetherError) return error.code
    throw error
  }
  return null
}

/** As `codeOf`, of what rejects. */
export async function codeOfAsync(act: () => Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await act()
  } catch (error) {
    if (error instanceof BellwetherError) return error.code
    throw error
  }
  return null
}
