import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { ELEMENT_TYPES } from './proto.ts'
import type { FileNode, OnnxFile } from './read-model.ts'

/** A locale that every machine has; converters write en_US, which slim images lack. */
const LOCALE = 'C.UTF-8'

/** ZipMap makes a list of dictionaries of a tensor of probabilities, which the runtime for Node can't give: its input becomes the output. */
export interface ZipMap {
  readonly input: string
  readonly output: string
  /** Labels in the order of the columns. */
  readonly classes: readonly string[]
}

export function findZipMap(file: OnnxFile): ZipMap | null {
  const node = file.graph.nodes.find(({ op, domain }) => op === 'ZipMap' && domain === 'ai.onnx.ml')
  return node && node.inputs.length === 1
    ? { input: node.inputs[0]!, output: node.outputs[0]!, classes: labelsOf(node) ?? [] }
    : null
}

/** Class labels that an operator's attributes hold. */
export function labelsOf({ texts, integers }: FileNode): readonly string[] | null {
  const strings = texts.get('classlabels_strings')
  if (strings) return strings
  const numbers = integers.get('classlabels_int64s') ?? integers.get('classlabels_ints')
  return numbers ? numbers.map(String) : null
}

/** The same model as the runtime for Node takes it: without ZipMap, texts made alike by a locale that is there. */
export function servableModel(bytes: Uint8Array, file: OnnxFile): Uint8Array {
  const zipMap = findZipMap(file)
  const hasLocale = file.graph.nodes.some(({ op }) => op === 'StringNormalizer')
  if (!zipMap && !hasLocale) return bytes
  return copyMessage(bytes, (number, content) => {
    if (number !== 7) return content
    return copyMessage(content, (field, part) => {
      if (field === 1) return rewriteNode(part, zipMap)
      return field === 12 && zipMap ? rewriteOutput(part, zipMap) : part
    })
  })
}

/** null drops the field. */
type Rewrite = (number: number, content: Uint8Array) => Uint8Array | null

/** A message with the fields that hold bytes changed or dropped; the others stay as they are. */
export function copyMessage(bytes: Uint8Array, rewrite: Rewrite): Uint8Array {
  const reader = new BinaryReader(bytes)
  const writer = new BinaryWriter()
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (type !== WireType.LengthDelimited) {
      writer.tag(number, type).raw(reader.skip(type, number))
      continue
    }
    const content = rewrite(number, reader.bytes())
    if (content) writer.tag(number, type).bytes(content)
  }
  return writer.finish()
}

function rewriteNode(bytes: Uint8Array, zipMap: ZipMap | null): Uint8Array | null {
  const op = textField(bytes, 4)
  if (op === 'ZipMap' && zipMap) return null
  if (op !== 'StringNormalizer') return bytes
  const kept = copyMessage(bytes, (number, content) =>
    number === 5 && textField(content, 1) === 'locale' ? null : content,
  )
  const locale = new BinaryWriter()
  locale.tag(1, WireType.LengthDelimited).string('locale')
  locale.tag(4, WireType.LengthDelimited).string(LOCALE)
  locale.tag(20, WireType.Varint).int32(3)
  return new BinaryWriter().raw(kept).tag(5, WireType.LengthDelimited).bytes(locale.finish()).finish()
}

/** The output that ZipMap made becomes the tensor that it read. */
function rewriteOutput(bytes: Uint8Array, zipMap: ZipMap): Uint8Array {
  if (textField(bytes, 1) !== zipMap.output) return bytes
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(zipMap.input)
  writer.tag(2, WireType.LengthDelimited).fork()
  writer.tag(1, WireType.LengthDelimited).fork()
  writer.tag(1, WireType.Varint).int32(ELEMENT_TYPES.float)
  return writer.join().join().finish()
}

function textField(bytes: Uint8Array, wanted: number): string {
  const reader = new BinaryReader(bytes)
  let found = ''
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (number === wanted && type === WireType.LengthDelimited) found = reader.string()
    else reader.skip(type, number)
  }
  return found
}
