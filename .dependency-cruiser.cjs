/**
 * The import rules of the house (ARCHITECTURE.md): imports run one way, the learning core is pure, only the rim wires
 * interfaces to their implementations, and the dashboard's features stay apart. `npm run imports` checks them;
 * `scripts/imports.test.ts` proves that each of them fails on a violation.
 */

/** From the innermost to the outermost: a folder imports only from those before it. */
const LAYERS = [
  'table',
  'features',
  'learn',
  'evaluate',
  'security',
  'data',
  'packaging',
  'track',
  'pipeline',
  'serve',
  'monitor',
  'retrain',
  'report',
  'store',
  'server',
  'operate',
  'cli',
]

/** No file, network, clock or ambient randomness: these run in a browser too. */
const PURE = ['table', 'features', 'learn', 'evaluate']

/** Files at the root of src/: the errors that all may import, and the version, which reads package.json and so is not for the pure part. */
const ROOT_FILE = '(errors|version)(\\.test)?\\.ts$'

/** Tests, the contract suites that they share, and their helpers may look across layers. */
const TEST_FILE = '\\.test\\.tsx?$|-contract\\.ts$|/testing/'

const PURE_FILE = `^src/(errors\\.ts$|(${PURE.join('|')})/)`

const oneWay = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `one-way-${layer}`,
  comment: `src/${layer} imports only from the folders before it: errors, ${LAYERS.slice(0, index).join(', ') || 'nothing else'}.`,
  severity: 'error',
  from: { path: `^src/${layer}/`, pathNot: TEST_FILE },
  to: { path: `^src/(${LAYERS.slice(index + 1).join('|')})/` },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'root-files-import-nothing',
      comment: 'Every folder imports src/errors.ts; it imports none of them.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$', pathNot: TEST_FILE },
      to: { path: '^src/' },
    },
    {
      name: 'no-unknown-folder',
      comment: 'A new folder under src/ needs its place in the order: add it to LAYERS.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${ROOT_FILE}|(${LAYERS.join('|')})/)` },
      to: {},
    },
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one file, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-imports-no-builtin',
      comment: 'The learning core runs in a browser too: no node: modules.',
      severity: 'error',
      from: { path: PURE_FILE, pathNot: TEST_FILE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-imports-no-package',
      comment: 'The learning core uses zod alone of the packages: any other could touch the system.',
      severity: 'error',
      from: { path: PURE_FILE, pathNot: TEST_FILE },
      to: { path: '(^|/)node_modules/', pathNot: '(^|/)node_modules/zod/' },
    },
    {
      name: 'pure-imports-no-version',
      comment: 'src/version.ts reads a file.',
      severity: 'error',
      from: { path: PURE_FILE, pathNot: TEST_FILE },
      to: { path: '^src/version\\.ts$' },
    },
    {
      name: 'only-the-rim-knows-the-store',
      comment:
        'track, monitor and serve own the interfaces that src/store implements; only start-up (cli) and operate know both.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST_FILE, '^src/(store|operate|cli)/'] },
      to: { path: '^src/store/' },
    },
    {
      name: 'no-test-code-in-the-product',
      comment: 'What ships never imports a test, a test helper or a development dependency.',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST_FILE },
      to: { path: ['\\.test\\.tsx?$', '^(test|scripts|tools|bench|dashboard)/'] },
    },
    {
      name: 'no-development-dependency-in-the-product',
      comment: 'A package that src/ imports belongs under `dependencies`.',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST_FILE },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unlisted-package',
      comment: 'A package that is imported is named in package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'nothing-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'dashboard-features-stay-apart',
      comment: 'Features of the dashboard do not import each other; the routes in app/ compose them.',
      severity: 'error',
      from: { path: '^dashboard/src/features/([^/]+)/' },
      to: { path: '^dashboard/src/features/', pathNot: '^dashboard/src/features/$1/' },
    },
    {
      name: 'dashboard-runs-one-way',
      comment: 'app/ composes features/, features/ use components/; never the other way.',
      severity: 'error',
      from: { path: '^dashboard/src/(?!app/|main\\.tsx)(features/)?' },
      to: { path: '^dashboard/src/app/' },
    },
    {
      name: 'dashboard-shared-knows-no-feature',
      comment: 'Shared parts know no feature.',
      severity: 'error',
      from: { path: '^dashboard/src/(?!app/|features/|main\\.tsx)' },
      to: { path: '^dashboard/src/features/' },
    },
    {
      name: 'dashboard-takes-types-alone',
      comment: "The page speaks HTTP with the server: of the server's code it uses the types alone.",
      severity: 'error',
      from: { path: '^dashboard/src/', pathNot: TEST_FILE },
      to: { path: '^src/', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.css'],
    },
    skipAnalysisNotInRules: true,
  },
}
