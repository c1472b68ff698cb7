import { type ReactNode, useEffect, useRef } from 'react'
import { signOut, useSession } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Logo } from '../components/logo.tsx'
import { hrefOf, type Route } from './route.ts'
import './layout.css'

const TITLES: Record<Route['page'], string> = {
  predict: 'Predict',
  runs: 'Runs',
  run: 'Run',
  compare: 'Compare runs',
  models: 'Models',
  unknown: 'Not found',
}

/** The frame of every page: brand, navigation, content. */
export function Layout({ route, children }: { route: Route; children: ReactNode }) {
  const { key } = useSession()
  useEffect(() => {
    document.title = `${TITLES[route.page]} · Bellwether`
  }, [route.page])

  // Another page begins at its top; the first one stays where the browser put it.
  const place = JSON.stringify(route)
  const lastPlace = useRef(place)
  useEffect(() => {
    if (lastPlace.current !== place) window.scrollTo({ top: 0, behavior: 'instant' })
    lastPlace.current = place
  }, [place])

  const links = [
    { title: 'Predict', href: hrefOf({ page: 'predict', model: null }), here: route.page === 'predict' },
    {
      title: 'Runs',
      href: hrefOf({ page: 'runs' }),
      here: route.page === 'runs' || route.page === 'run' || route.page === 'compare',
    },
    { title: 'Models', href: hrefOf({ page: 'models', model: null }), here: route.page === 'models' },
  ]
  return (
    <>
      <button type="button" className="skip-link" onClick={() => document.getElementById('content')?.focus()}>
        Skip to the content
      </button>
      <header className="app-header">
        <div className="app-header-inner">
          <a className="brand" href={hrefOf({ page: 'predict', model: null })}>
            <Logo />
            <span>Bellwether</span>
          </a>
          <nav aria-label="Main">
            {links.map((link) => (
              <a key={link.title} href={link.href} aria-current={link.here ? 'page' : undefined}>
                {link.title}
              </a>
            ))}
            <a href="/docs" className="nav-docs">
              API
            </a>
            {key === null ? null : (
              <Button kind="quiet" onClick={signOut}>
                Sign out
              </Button>
            )}
          </nav>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}
