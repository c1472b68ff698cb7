/** State of a fitted part: JSON values and typed arrays, nested. `packaging/` writes it to bytes without loss. */
export type State =
  | null
  | boolean
  | number
  | string
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | readonly State[]
  | { readonly [key: string]: State }
