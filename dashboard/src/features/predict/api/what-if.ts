import { useMutation, useQuery } from '@tanstack/react-query'
import type { WhatIfAnswer } from '../../../../../src/serve/what-if/what-if.ts'
import { apiPath, request } from '../../../api/request.ts'
import type { InputRecord } from './post-predict.ts'

interface Actionable {
  readonly fields: readonly { readonly field: string }[]
}

/** The fields that the model's project calls actionable. */
export function useActionable(model: string) {
  return useQuery({
    queryKey: ['what-if', model],
    queryFn: ({ signal }) => request<Actionable>(apiPath('models', model, 'what-if'), { signal }),
  })
}

/** Asks how the answer would change; `target` is a label, or null for any other. */
export function useWhatIf(model: string) {
  return useMutation({
    mutationFn: ({ record, target }: { record: InputRecord; target: string | null }) =>
      request<WhatIfAnswer>(apiPath('models', model, 'what-if'), {
        method: 'POST',
        body: { record, ...(target === null ? {} : { target }) },
      }),
  })
}
