import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { ApiError } from '../api/api-error.ts'
import { useSession } from '../api/session.ts'
import { Layout } from './layout.tsx'
import type { Route } from './route.ts'
import { ComparePage } from './routes/compare-page.tsx'
import { ModelsPage } from './routes/models-page.tsx'
import { NotFoundPage } from './routes/not-found-page.tsx'
import { PredictPage } from './routes/predict-page.tsx'
import { RunPage } from './routes/run-page.tsx'
import { RunsPage } from './routes/runs-page.tsx'
import { SignIn } from './sign-in.tsx'
import { useRoute } from './use-route.ts'

/** A request that the server refused is not worth asking again; one that did not arrive is, once. */
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) =>
        failures < 1 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
  },
})

export function App() {
  const route = useRoute()
  const { refused, tried } = useSession()
  return (
    <QueryClientProvider client={queries}>
      <Layout route={route}>
        {refused ? <SignIn tried={tried} onKey={() => queries.clear()} /> : <Page route={route} />}
      </Layout>
    </QueryClientProvider>
  )
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'predict':
      return <PredictPage model={route.model} />
    case 'runs':
      return <RunsPage />
    case 'run':
      return <RunPage id={route.id} key={route.id} />
    case 'compare':
      return <ComparePage ids={route.ids} />
    case 'models':
      return <ModelsPage model={route.model} />
    case 'unknown':
      return <NotFoundPage path={route.path} />
  }
}
