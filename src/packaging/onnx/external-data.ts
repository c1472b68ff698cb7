import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { refused } from './inspect-model.ts'
import { copyMessage } from './rewrite-model.ts'

/** Numbers of `TensorProto`'s fields. */
const RAW_DATA = 9
const EXTERNAL_DATA = 13
const DATA_LOCATION = 14

/** Names of the files that hold weights of a model's graph, as the model says them: texts of whoever wrote it, never a path on a disk. */
export function externalFiles(bytes: Uint8Array): string[] {
  const names = new Set<string>()
  eachTensor(bytes, (tensor) => {
    const place = placeOf(tensor)
    if (place) names.add(place.location)
    return tensor
  })
  return [...names]
}

/**
 * The model as one file: weights that lie in other files, as exporters put those of more than a kilobyte, are taken in. Tensors of operators that lie
 * elsewhere stay so, and are refused by `inspectOnnx`.
 * @param files Content by the name that the model says.
 * @throws ONNX_INVALID for a file that is not there, or is too short
 */
export function withExternalData(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return eachTensor(bytes, (tensor) => {
    const place = placeOf(tensor)
    if (!place) return tensor
    const file = files.get(place.location)
    const end = place.length === null ? file?.length : place.offset + place.length
    if (!file || end === undefined || !(place.offset >= 0 && place.offset <= end && end <= file.length))
      throw refused('weights of it lie in another file, which is not there or too short')
    const kept = withoutPlace(tensor)
    const raw = new BinaryWriter().tag(RAW_DATA, WireType.LengthDelimited).bytes(file.subarray(place.offset, end))
    return new BinaryWriter().raw(kept).raw(raw.finish()).finish()
  })
}

/** Rewrites the constants of the model's graph. */
function eachTensor(bytes: Uint8Array, rewrite: (tensor: Uint8Array) => Uint8Array): Uint8Array {
  return copyMessage(bytes, (number, graph) =>
    number === 7 ? copyMessage(graph, (field, part) => (field === 5 ? rewrite(part) : part)) : graph,
  )
}

interface Place {
  readonly location: string
  readonly offset: number
  /** Null: to the end of the file. */
  readonly length: number | null
}

/** Where a tensor's content lies; null where it lies in the model. */
function placeOf(tensor: Uint8Array): Place | null {
  const entries = new Map<string, string>()
  let external = false
  const reader = new BinaryReader(tensor)
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (number === DATA_LOCATION && type === WireType.Varint) external = reader.int32() === 1
    else if (number === EXTERNAL_DATA && type === WireType.LengthDelimited) {
      const [key, value] = entryOf(reader.bytes())
      entries.set(key, value)
    } else reader.skip(type, number)
  }
  if (!external) return null
  const whole = (key: string) => {
    const text = entries.get(key)
    if (text === undefined) return null
    return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  }
  return { location: entries.get('location') ?? '', offset: whole('offset') ?? 0, length: whole('length') }
}

function entryOf(bytes: Uint8Array): [key: string, value: string] {
  const reader = new BinaryReader(bytes)
  let key = ''
  let value = ''
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (number === 1 && type === WireType.LengthDelimited) key = reader.string()
    else if (number === 2 && type === WireType.LengthDelimited) value = reader.string()
    else reader.skip(type, number)
  }
  return [key, value]
}

function withoutPlace(tensor: Uint8Array): Uint8Array {
  const reader = new BinaryReader(tensor)
  const writer = new BinaryWriter()
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    const content = reader.skip(type, number)
    if (number !== EXTERNAL_DATA && number !== DATA_LOCATION) writer.tag(number, type).raw(content)
  }
  return writer.finish()
}
