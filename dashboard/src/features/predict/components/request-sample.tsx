import { type InputRecord, predictBody, predictPath } from '../api/post-predict.ts'
import './request-sample.css'

/** The same question as a shell command, for those who will ask by program. */
export function RequestSample({ model, record }: { model: string; record: InputRecord }) {
  const body = JSON.stringify(predictBody(record), null, 2).replaceAll("'", "'\\''")
  return (
    <details className="request-sample">
      <summary>The same by HTTP</summary>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
      >{`curl ${window.location.origin}${predictPath(model)} \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`}</pre>
    </details>
  )
}
