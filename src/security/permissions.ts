/**
 * Who may do what. A route names one permission; a role is a set of them.
 *
 * Each route says which permission it needs, or that it needs none; a route that says neither stops the server at start:
 *
 *     app.get('/api/v1/things', { config: { permission: 'models:read' }, schema: … }, handler)
 *     app.get('/health/live', { config: { permission: 'public' }, schema: … }, handler)
 *
 * A caller can be confined to some models. A route about one model says where its name stands, with `scope`: a path
 * parameter (`scope: { param: 'name' }`), the default model (`scope: 'default-model'`), a function of the request when its
 * body has been read, or `'handler'` where the handler looks for itself, with `mayUse(request, permission, model)` of
 * server/access.ts. A route without a scope is about all models, so who is confined to some is refused there.
 *
 * Routes that a plugin of somebody else's adds are declared together, with `declareRoutes` of server/access.ts.
 */
export const PERMISSIONS = {
  'models:read': 'See registered models, versions, signatures, history.',
  'models:predict': 'Ask for predictions and explanations.',
  'models:write': 'Register models and versions; describe and tag them.',
  'models:promote': 'Move aliases; set up canaries and shadows.',
  'runs:read': 'See experiments, runs and their artifacts.',
  'runs:write': 'Start and log runs, on projects and through tracking clients.',
  'datasets:read': 'See dataset versions, their schema and statistics; never rows.',
  'datasets:write': 'Add dataset versions.',
  'datasets:download': 'Fetch the rows and files of dataset versions; it takes sensitive:read, too.',
  'predictions:read': 'Search the prediction log, without sensitive columns.',
  'predictions:erase': "Erase a person's records.",
  'cohorts:read': 'See cohorts and the notes on their members.',
  'cohorts:write': 'Score cohorts, and write notes on their members.',
  'outcomes:write': 'Say what became of those who were predicted.',
  'monitoring:read': 'See monitors, drift, quality, reports and alerts.',
  'monitoring:write': 'Set up monitors, and settle alerts.',
  'metrics:read': "See the server's metrics.",
  'keys:manage': 'Make, see and revoke API keys.',
  'audit:read': 'Read the audit log.',
  'server:manage': "Change the server's own settings: webhooks, retention, jobs.",
  'sensitive:read':
    'See columns that the project declares sensitive. No role holds it; a key or a mapping grants it by itself.',
} as const satisfies Record<string, string>

export type Permission = keyof typeof PERMISSIONS

/** Every permission but that to see sensitive columns. */
const ALL: readonly Permission[] = (Object.keys(PERMISSIONS) as Permission[]).filter(
  (name) => name !== 'sensitive:read',
)

const VIEW: readonly Permission[] = ['models:read', 'runs:read', 'datasets:read', 'monitoring:read', 'metrics:read']
const PREDICT: readonly Permission[] = ['models:read', 'models:predict']

/** What each role may do. */
export const ROLE_PERMISSIONS = {
  /** Looks at everything but people. */
  viewer: VIEW,
  /** A program that asks for predictions. */
  predictor: PREDICT,
  /** Looks after people: who is at risk, why, and what became of them. */
  adviser: [...PREDICT, 'cohorts:read', 'cohorts:write', 'outcomes:write', 'predictions:read', 'monitoring:read'],
  /** Makes models and looks after them. */
  trainer: [
    ...VIEW,
    'models:predict',
    'models:write',
    'models:promote',
    'runs:write',
    'datasets:write',
    'datasets:download',
    'predictions:read',
    'outcomes:write',
    'monitoring:write',
  ],
  /** Everything, but sensitive columns only where they are granted. */
  admin: ALL,
} as const satisfies Record<string, readonly Permission[]>

export type Role = keyof typeof ROLE_PERMISSIONS

export const ROLES = Object.keys(ROLE_PERMISSIONS) as readonly Role[]

/** What a route declares: a permission, or that everybody may. */
export type RoutePermission = Permission | 'public'

export function isRoutePermission(value: unknown): value is RoutePermission {
  return value === 'public' || (typeof value === 'string' && Object.hasOwn(PERMISSIONS, value))
}

const SETS: Readonly<Record<Role, ReadonlySet<Permission>>> = Object.fromEntries(
  ROLES.map((role) => [role, new Set(ROLE_PERMISSIONS[role])]),
) as unknown as Record<Role, ReadonlySet<Permission>>

export function roleHas(role: Role, permission: Permission): boolean {
  return SETS[role].has(permission)
}
