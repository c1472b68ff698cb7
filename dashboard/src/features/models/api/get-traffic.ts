import { useQuery } from '@tanstack/react-query'
import type { TrafficPlan } from '../../../../../src/track/traffic-plan.ts'
import { apiPath, request } from '../../../api/request.ts'

export interface TrafficVariant {
  readonly alias: string
  readonly version: number | null
  readonly percent: number
  readonly requests: number
  readonly failed: number
  readonly latencyP95Ms: number | null
  readonly compared: number
  readonly disagreed: number
}

export interface TrafficShadow {
  readonly alias: string
  readonly version: number | null
  readonly records: number
  readonly agreed: number
  readonly failed: number
  readonly meanDistance: number | null
  readonly meanLatencyMs: number | null
}

/** Who answers a model's requests, and what this server has seen of them. */
export interface TrafficState {
  readonly plan: TrafficPlan | null
  readonly variants: readonly TrafficVariant[]
  readonly shadows: readonly TrafficShadow[]
  readonly dropped: number
}

export function getTraffic(model: string, signal?: AbortSignal): Promise<TrafficState> {
  return request<TrafficState>(apiPath('models', model, 'traffic'), signal ? { signal } : {})
}

/** Looked at again every few seconds: a canary is watched while it runs. */
export function useTraffic(model: string) {
  return useQuery({
    queryKey: ['traffic', model],
    queryFn: ({ signal }) => getTraffic(model, signal),
    refetchInterval: 5_000,
  })
}
