import type { FastifyRequest } from 'fastify'
import type { Permission } from '../security/permissions.ts'
import { may } from '../security/principal.ts'
import type { Run, RunDetail, RunQuery, TrackingStore } from '../track/tracking-store.ts'
import { mayUse, requirePermission } from './access.ts'

type Tracking = Pick<TrackingStore, 'experiments' | 'run' | 'runs'>

/**
 * Runs as who asks may see them: a project, its experiment and its model have one name, so who is confined to some models sees the runs of those projects.
 * For routes with the permission and the scope `'handler'`.
 */
export class OwnRuns {
  readonly #request: FastifyRequest
  readonly #tracking: Tracking

  readonly #permission: Permission

  constructor(request: FastifyRequest, tracking: Tracking, permission: Permission = 'runs:read') {
    this.#request = request
    this.#tracking = tracking
    this.#permission = permission
  }

  /** @throws RUN_NOT_FOUND; FORBIDDEN for one of another project */
  async run(id: string): Promise<RunDetail> {
    const run = await this.#tracking.run(id)
    if (this.#seesAll) return run
    const experiments = await this.#tracking.experiments()
    this.#require(experiments.find((one) => one.id === run.experimentId)?.name ?? null)
    return run
  }

  /** Newest first, of all that may be seen. @throws EXPERIMENT_NOT_FOUND; FORBIDDEN for an experiment of another project */
  async runs(query: RunQuery & { readonly limit: number }): Promise<Run[]> {
    if (this.#seesAll) return this.#tracking.runs(query)
    if (query.experiment !== undefined) {
      this.#require(query.experiment)
      return this.#tracking.runs(query)
    }
    const found: Run[] = []
    for (const { name } of await this.#tracking.experiments()) {
      if (mayUse(this.#request, this.#permission, name))
        found.push(...(await this.#tracking.runs({ ...query, experiment: name })))
    }
    return found.sort((a, b) => b.startTime - a.startTime).slice(0, query.limit)
  }

  get #seesAll(): boolean {
    const { principal } = this.#request
    return principal !== null && may(principal, this.#permission, null)
  }

  #require(experiment: string | null): void {
    requirePermission(this.#request.principal!, this.#permission, experiment)
  }
}
