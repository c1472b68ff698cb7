import type { RunDetail } from '../../../../../src/track/tracking-store.ts'
import { Card } from '../../../components/card.tsx'
import { ServerFileLink } from '../../../components/server-file-link.tsx'
import { ServerImage } from '../../../components/server-image.tsx'
import { artifactUrl } from '../api/artifact-url.ts'
import './pictures.css'

/** The pictures that a run left, such as its confusion matrix; each opens alone. */
export function Pictures({ run }: { run: RunDetail }) {
  const pictures = run.artifacts.filter((artifact) => artifact.mediaType.startsWith('image/'))
  if (pictures.length === 0) return null
  return (
    <Card title="Pictures">
      <div className="pictures">
        {pictures.map((picture) => (
          <figure key={picture.path}>
            <ServerFileLink path={artifactUrl(run.id, picture.path)} newTab>
              <ServerImage path={artifactUrl(run.id, picture.path)} alt={titleOf(picture.path)} />
            </ServerFileLink>
            <figcaption className="soft small">{titleOf(picture.path)}</figcaption>
          </figure>
        ))}
      </div>
    </Card>
  )
}

/** "figures/confusion-matrix.svg" -> "Confusion matrix", "figures/roc.svg" -> "ROC". */
function titleOf(path: string): string {
  const name = path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.\w+$/, '')
    .replaceAll(/[-_]+/g, ' ')
    .replaceAll(/\b(roc|auc|mcc)\b/g, (word) => word.toUpperCase())
  return name.charAt(0).toUpperCase() + name.slice(1)
}
