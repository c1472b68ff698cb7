export type * from './estimator.ts'
export type * from './search-space.ts'
