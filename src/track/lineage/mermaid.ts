import type { LineageGraph, LineageKind, LineageNode } from './lineage.ts'

const SHAPES: Readonly<Record<LineageKind, readonly [string, string]>> = {
  source: ['[/', '/]'],
  dataset: ['[(', ')]'],
  run: ['[', ']'],
  version: ['{{', '}}'],
  prediction: ['([', '])'],
}

/** The graph as the text of a Mermaid flowchart, which Markdown pages of GitHub and GitLab draw. */
export function lineageMermaid({ nodes, edges, start }: LineageGraph): string {
  const names = new Map(nodes.map(({ key }, i) => [key, `n${i}`]))
  const lines = ['flowchart LR']
  for (const node of nodes) {
    const [open, close] = SHAPES[node.kind]
    lines.push(`  ${names.get(node.key)}${open}"${escaped(lineageLabel(node))}"${close}`)
  }
  for (const { from, to, as } of edges) lines.push(`  ${names.get(from)} -->|"${escaped(as)}"| ${names.get(to)}`)
  lines.push(`  style ${names.get(start)} stroke-width:3px`)
  return `${lines.join('\n')}\n`
}

/** What a node is called in pictures and lists. */
export function lineageLabel({ kind, id, name }: LineageNode): string {
  if (kind === 'source') return id
  if (kind === 'version') return id.replace(/\/(\d+)$/, ' version $1')
  const short = kind === 'dataset' ? id.replace(/^sha256:/, '').slice(0, 12) : kind === 'run' ? id.slice(0, 12) : id
  return name === null ? `${kind} ${short}` : `${kind} ${name} ${short}`
}

/** Mermaid takes entities with `#`; whatever could end the text or begin HTML becomes one. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._:@/,+()-]/gu, (character) => `#${character.codePointAt(0)};`)
}
