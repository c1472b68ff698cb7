import { expect, test } from 'vitest'
import { ulids } from '../security/new-id.ts'
import { originOfPrediction } from './prediction-id.ts'

test('an id of a server tells when it was made, one of a batch which', () => {
  expect(originOfPrediction(ulids(() => 1_795_289_070_755)())).toEqual({ time: 1_795_289_070_755 })
  expect(originOfPrediction('fedcba9876543210-7')).toEqual({ batch: 'fedcba9876543210' })
})

test.each(['', 'mine', '-8.069167624765843e+221', '{}', '81ARZ3NDEKTSV4RRFFQ69G5FAV', 'fedcba9876543210', 'sha256:00'])(
  '%j is of no prediction',
  (id) => {
    expect(originOfPrediction(id)).toBeNull()
  },
)
