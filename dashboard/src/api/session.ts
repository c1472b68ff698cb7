import { useSyncExternalStore } from 'react'

/** Where the key waits for a reload of the page: in this tab only, gone when it is closed; never in an address. */
const STORAGE = 'bellwether.key'

interface Session {
  readonly key: string | null
  /** The server asked for a key, and this one or none did not do. */
  readonly refused: boolean
  /** It was a key that did not do. */
  readonly tried: boolean
}

let session: Session = { key: stored(), refused: false, tried: false }
const listeners = new Set<() => void>()

export function sessionKey(): string | null {
  return session.key
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session)
}

export function signIn(key: string): void {
  change({ key: key.trim(), refused: false, tried: false })
}

export function signOut(): void {
  change({ key: null, refused: true, tried: false })
}

/** The server refused what it was sent. A refusal of a key that was replaced meanwhile says nothing of the new one. */
export function refuseKey(key: string | null): void {
  if (key === session.key) change({ key: null, refused: true, tried: session.tried || key !== null })
}

function change(next: Session): void {
  session = next
  try {
    if (next.key === null) sessionStorage.removeItem(STORAGE)
    else sessionStorage.setItem(STORAGE, next.key)
  } catch {
    // A browser that keeps nothing: the key lives as long as the page.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(STORAGE)
  } catch {
    return null
  }
}
