import { formatNumber } from '../../../format/numbers.ts'
import './probability-bars.css'

export function clusterName(cluster: number): string {
  return `Cluster ${cluster}`
}

/** A bar per cluster, as long as the record is far from its centre; the answer's cluster is set in bold, and has the shortest. */
export function DistanceBars({ distances, cluster }: { distances: readonly number[]; cluster: number }) {
  const farthest = Math.max(...distances) || 1
  return (
    <>
      <p>Nearest to the middle of cluster {cluster}. Distances, in the columns that the model sees:</p>
      <ul className="probabilities" aria-label="Distance to the middle of each cluster">
        {distances.map((distance, each) => (
          <li key={clusterName(each)} className={each === cluster ? 'probability-chosen' : undefined}>
            <span className="probability-name">{clusterName(each)}</span>
            <span className="probability-share">{formatNumber(distance)}</span>
            <span className="probability-track" aria-hidden="true">
              <span className="probability-bar" style={{ width: `${(distance / farthest) * 100}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
