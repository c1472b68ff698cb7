import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest'
import { launchBrowser } from '../support/browser.ts'

const provided = inject('serverUrl')

/** The server's address; no test reads it where there is no browser. */
export const serverUrl: string = provided ?? ''

const WAIT_MS = 15_000

/**
 * Gives a suite its browser, and each test its page. A page that writes an error to its console, throws, breaks the content
 * security policy or asks another host fails its test, whatever else it shows; answers of 4xx that a test expects are named by it.
 */
export function usePages(): (
  path: string,
  options?: BrowserContextOptions & { expectedErrors?: RegExp },
) => Promise<Page> {
  let browser: Browser | undefined
  let faults: string[] = []
  beforeAll(async () => {
    if (provided) browser = await launchBrowser()
  })
  beforeEach(({ skip }) => skip(provided === null, 'there is no browser'))
  afterEach(async () => {
    await Promise.all((browser?.contexts() ?? []).map((context) => context.close()))
    const found = faults
    faults = []
    expect(found).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
  })
  return async (path, { expectedErrors, ...options } = {}) => {
    if (!browser) throw new Error('No browser was started.')
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    context.setDefaultTimeout(WAIT_MS)
    const page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      if (!expectedErrors?.test(message.text())) faults.push(`console: ${message.text()}`)
    })
    page.on('pageerror', (error) => faults.push(`page: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(serverUrl) && !request.url().startsWith('data:'))
        faults.push(`asked another host: ${request.url()}`)
    })
    await page.goto(`${serverUrl}/${path}`)
    return page
  }
}
