import { Card } from '../../../components/card.tsx'
import { ServerImage } from '../../../components/server-image.tsx'
import { lineagePicture, useLineage } from '../api/get-lineage.ts'
import './lineage-card.css'

/** The way from the source over dataset version and run to the model version, as a picture; nothing of what stands alone. */
export function LineageCard({ id }: { id: string }) {
  const lineage = useLineage(id)
  if (!lineage.data || lineage.data.edges.length === 0) return null
  return (
    <Card title="Lineage" note="What it was made from, and what was made from it.">
      <div className="lineage">
        <ServerImage path={lineagePicture(id)} alt="Lineage: source, dataset version, run, model version" />
      </div>
    </Card>
  )
}
