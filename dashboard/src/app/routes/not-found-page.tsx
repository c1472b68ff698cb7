import { Empty } from '../../components/states.tsx'
import { hrefOf } from '../route.ts'

export function NotFoundPage({ path }: { path: string }) {
  return (
    <Empty title="There is no such page">
      Nothing lies at “{path}”. <a href={hrefOf({ page: 'predict', model: null })}>Go to the first page.</a>
    </Empty>
  )
}
