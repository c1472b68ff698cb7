import { BellwetherError } from '../../errors.ts'

/** ONNX_EXPORT_UNSUPPORTED with its words. */
export function unsupported(message: string): BellwetherError {
  return new BellwetherError('ONNX_EXPORT_UNSUPPORTED', message)
}
