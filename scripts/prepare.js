// npm runs this after `npm ci` with the Node it finds first: normally the one that the development dependencies bring. Without
// them it may be an older one, which runs no TypeScript: then there is nothing to prepare, and `bin/bellwether.js` says what is wanting.
const MINIMUM = 24

if (Number(process.versions.node.split('.')[0]) >= MINIMUM) await import('./prepare.ts')
else
  console.error(`Nothing is prepared: Bellwether runs on Node.js ${MINIMUM} or newer, and this is ${process.version}.`)
