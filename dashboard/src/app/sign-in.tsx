import { type FormEvent, useState } from 'react'
import { signIn } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Card } from '../components/card.tsx'
import './sign-in.css'

/** Asks for the key that the server wants. Not a login form: there is no name, and browsers are not asked to keep it. */
export function SignIn({ tried, onKey }: { tried: boolean; onKey: () => void }) {
  const [key, setKey] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (key.trim() === '') return
    onKey() // what was refused is asked again
    signIn(key)
  }
  return (
    <div className="sign-in">
      <Card title="This server asks for a key" note="An administrator makes one: bellwether keys create.">
        <form onSubmit={submit}>
          <label htmlFor="api-key">API key</label>
          <input
            id="api-key"
            type="password"
            autoComplete="off"
            spellCheck={false}
            placeholder="bw_…"
            value={key}
            aria-invalid={tried || undefined}
            aria-describedby="api-key-note"
            onChange={(event) => setKey(event.target.value)}
          />
          <p
            id="api-key-note"
            className={tried ? 'sign-in-refused small' : 'soft small'}
            role={tried ? 'alert' : undefined}
          >
            {tried
              ? 'The server did not take this key: it may be mistyped, revoked or expired.'
              : 'It stays in this tab and is forgotten when you close it.'}
          </p>
          <Button kind="primary" type="submit">
            Sign in
          </Button>
        </form>
      </Card>
    </div>
  )
}
