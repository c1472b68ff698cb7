import fc from 'fast-check'

/**
 * Property tests draw the same cases in every run of `npm test`, so that a change is judged by what it changes. BELLWETHER_PROPERTY_SEED=random (or a
 * number) draws others; the soak lane does.
 */
const given = process.env['BELLWETHER_PROPERTY_SEED'] ?? '20261121'
if (given !== 'random') fc.configureGlobal({ seed: Number(given) })
