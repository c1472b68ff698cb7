import { useEffect, useRef } from 'react'
import type { ModelSignature } from '../../../../../src/packaging/signature.ts'
import type { ClassPrediction, ClusterPrediction, ValuePrediction } from '../../../../../src/serve/prediction.ts'
import { Card } from '../../../components/card.tsx'
import { Notice } from '../../../components/notice.tsx'
import { reveal } from '../../../components/reveal.ts'
import { formatNumber, formatShare } from '../../../format/numbers.ts'
import type { PredictAnswer } from '../api/post-predict.ts'
import { fieldOf } from '../form/field-errors.ts'
import { setWords } from '../form/set-words.ts'
import { Contributions } from './contributions.tsx'
import { clusterName, DistanceBars } from './distance-bars.tsx'
import { ProbabilityBars } from './probability-bars.tsx'
import './answer.css'

/** What the model answered: the label or value, how sure it is, what speaks against trusting it, and why. */
export function Answer({
  answer,
  signature,
  outdated,
}: {
  answer: PredictAnswer
  signature: ModelSignature
  outdated: boolean
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const prediction = answer.predictions[0]
  const id = prediction?.id
  // A new answer takes the focus: a keyboard or a screen reader is there at once, and a phone scrolls to it.
  useEffect(() => {
    if (id) reveal(heading.current)
  }, [id])
  if (!prediction) return <Notice tone="bad">The server answered without a prediction.</Notice>
  return (
    <Card>
      <div className="answer">
        <div>
          <p className="soft small">
            {signature.task === 'clustering' ? `Cluster, of ${signature.clusters}` : signature.target.name}
          </p>
          <h2 className="answer-label" tabIndex={-1} ref={heading}>
            {'value' in prediction
              ? formatNumber(prediction.value)
              : 'label' in prediction
                ? prediction.label
                : prediction.cluster}
          </h2>
          {outdated ? <p className="small answer-outdated">The form has changed since this answer.</p> : null}
        </div>
        {'label' in prediction ? (
          <ClassAnswer prediction={prediction} classes={signature.target?.classes ?? []} />
        ) : 'value' in prediction ? (
          <ValueAnswer prediction={prediction} />
        ) : (
          <ClusterAnswer prediction={prediction} />
        )}
        {prediction.warnings.length > 0 ? (
          <Notice tone="warn" title="To know about this record">
            <ul>
              {prediction.warnings.map((warning) => (
                <li key={`${warning.path} ${warning.message}`}>
                  {fieldOf(warning.path) ?? warning.path}: {warning.message}
                </li>
              ))}
            </ul>
          </Notice>
        ) : null}
        {prediction.explanation ? (
          <section className="answer-reasons">
            <h3>Reasons</h3>
            <Contributions explanation={prediction.explanation} inputs={signature.inputs} />
          </section>
        ) : null}
        <p className="soft small answer-id">
          {answer.model.name} version {answer.model.version}
          {answer.model.alias ? ` (${answer.model.alias})` : ''} · <span className="mono">{prediction.id}</span>
        </p>
      </div>
    </Card>
  )
}

function ClassAnswer({ prediction, classes }: { prediction: ClassPrediction; classes: readonly string[] }) {
  return (
    <>
      <p>
        <strong>{formatShare(prediction.confidence)}</strong> probable, by the model.
      </p>
      <ProbabilityBars classes={classes} probabilities={prediction.probabilities} label={prediction.label} />
      {prediction.set ? <p className="answer-set">{setWords(prediction.set, classes.length)}</p> : null}
    </>
  )
}

function ClusterAnswer({ prediction: { cluster, probabilities, distances } }: { prediction: ClusterPrediction }) {
  if (probabilities) {
    const names = probabilities.map((_, each) => clusterName(each))
    const shares = Object.fromEntries(probabilities.map((share, each) => [clusterName(each), share]))
    return (
      <>
        <p>
          <strong>{formatShare(probabilities[cluster] ?? 0)}</strong> probable, by the model.
        </p>
        <ProbabilityBars classes={names} probabilities={shares} label={clusterName(cluster)} of="cluster" />
      </>
    )
  }
  return distances ? <DistanceBars distances={distances} cluster={cluster} /> : null
}

function ValueAnswer({ prediction }: { prediction: ValuePrediction }) {
  if (!prediction.interval) return null
  const [low, high] = prediction.interval
  const place = high > low ? Math.min(1, Math.max(0, (prediction.value - low) / (high - low))) : 0.5
  return (
    <div className="interval">
      <p>
        Expected between <strong>{formatNumber(low)}</strong> and <strong>{formatNumber(high)}</strong>.
      </p>
      <span className="interval-track" aria-hidden="true">
        <span className="interval-mark" style={{ left: `${place * 100}%` }} />
      </span>
    </div>
  )
}
