import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Where Chromium or Chrome lies on common systems. */
const COMMON_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
]

/** No talk with the outside: the browser opens our own page alone. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A way to get a browser's executable; null where this way leads nowhere. */
type Finder = () => Promise<string | null>

/**
 * Starts a browser: the one that BELLWETHER_CHROME names, an installed one, the one from npm (Linux x64), or, as root on
 * Debian, the one that apt brings. A browser that is found and does not start makes way for the next.
 * @throws Error with every way that was tried, when there is none.
 */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env.BELLWETHER_CHROME
  const finders: readonly (readonly [string, Finder])[] = named
    ? [['BELLWETHER_CHROME', async () => named]]
    : [
        ['an installed browser', async () => COMMON_PATHS.find(isExecutable) ?? null],
        ['@sparticuz/chromium', packagedBrowser],
        ['@sparticuz/chromium, unpacked anew', repackagedBrowser],
        ['apt-get install chromium', browserFromApt],
      ]
  const tried: string[] = []
  for (const [way, find] of finders) {
    try {
      const executablePath = await find()
      if (executablePath === null) {
        tried.push(`${way}: none`)
        continue
      }
      return await chromium.launch({ executablePath, args: FLAGS, timeout: 30_000 })
    } catch (error) {
      tried.push(`${way}: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`)
    }
  }
  throw new Error(
    `No browser could be started (${tried.join('; ')}). Install Chromium or Chrome, or set BELLWETHER_CHROME to its path.`,
  )
}

/** Unpacks the npm package's Chromium, with its own system libraries where the host lacks them. */
async function packagedBrowser(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null
  // The package decides at import, by this variable, whether it unpacks the libraries that Chromium needs.
  if (!hasLibrary('libnss3.so')) process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x'
  const { default: packaged } = await import('@sparticuz/chromium')
  return packaged.executablePath()
}

/** An unpacking that was cut short leaves a file that never starts: take it away and unpack again. */
async function repackagedBrowser(): Promise<string | null> {
  const unpacked = path.join(tmpdir(), 'chromium')
  if (!existsSync(unpacked)) return null
  rmSync(unpacked, { force: true })
  return packagedBrowser()
}

async function browserFromApt(): Promise<string | null> {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return null
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore', env, timeout: 120_000 })
  execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], {
    stdio: 'ignore',
    env,
    timeout: 300_000,
  })
  return COMMON_PATHS.find(isExecutable) ?? null
}

/** Whether the system's loader finds a shared library. */
function hasLibrary(name: string): boolean {
  try {
    return execFileSync('ldconfig', ['-p'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env.PATH}:/sbin:/usr/sbin` },
    }).includes(name)
  } catch {
    return false
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
