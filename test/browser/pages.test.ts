import { describe, expect, test } from 'vitest'
import type { Run } from '../../src/track/tracking-store.ts'
import { serverUrl, usePages } from './open-page.ts'

async function topRuns(): Promise<Run[]> {
  return ((await (await fetch(`${serverUrl}/api/v1/runs?parent=none&limit=50`)).json()) as { runs: Run[] }).runs
}

describe('the table of runs', () => {
  const open = usePages()

  test('lists the runs that are no trials, newest first, with metrics and the version that they became', async () => {
    const page = await open('#/runs')
    const rows = page.getByRole('table', { name: 'Runs' }).locator('tbody tr')
    await rows.first().waitFor()
    const runs = await topRuns()
    expect(await rows.count()).toBe(3)
    expect(await rows.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))).toEqual(
      runs.map((run) => `#/runs/${run.id}`),
    )
    await rows.filter({ hasText: 'academic-risk v2' }).waitFor()
    const risk = runs.find((run) => run.metrics['test.f1_macro'] !== undefined)!
    expect(await page.getByRole('table', { name: 'Runs' }).textContent()).toContain(
      risk.metrics['test.f1_macro']!.toFixed(4),
    )
    expect(await rows.filter({ hasText: 'finished' }).count()).toBe(3)
  })

  test('sorts by a column, and the other way on a second press', async () => {
    const page = await open('#/runs')
    const started = page.getByRole('columnheader', { name: 'Started' })
    await started.waitFor()
    const first = () => page.getByRole('table', { name: 'Runs' }).locator('tbody tr a').first().getAttribute('href')
    const newest = await first()
    expect(await started.getAttribute('aria-sort')).toBe('descending')
    await started.getByRole('button').click()
    expect(await started.getAttribute('aria-sort')).toBe('ascending')
    expect(await first()).not.toBe(newest)
  })

  test('leads to a run with its trials, its params and its pictures', async () => {
    const page = await open('#/runs')
    await page.getByRole('row').filter({ hasText: 'academic-risk v2' }).getByRole('link').click()
    await page.getByRole('heading', { name: /^Trials/ }).waitFor()
    const id = page.url().split('/').at(-1)
    const trials = ((await (await fetch(`${serverUrl}/api/v1/runs?parent=${id}&limit=1000`)).json()) as { runs: Run[] })
      .runs
    await page.getByRole('heading', { name: `Trials (${trials.length})` }).waitFor()
    expect(await page.getByRole('table', { name: 'Trials' }).locator('tbody tr').count()).toBe(
      Math.min(10, trials.length),
    )
    await page.getByText('search.scoring').waitFor()
    const pictures = page.locator('.pictures img')
    expect(await pictures.count()).toBeGreaterThanOrEqual(4)
    for (const picture of await pictures.all()) {
      await picture.scrollIntoViewIfNeeded()
      await expect.poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
    }
    await page
      .getByRole('img', { name: /trials in the order/ })
      .locator('svg')
      .waitFor()
  })

  test('draws the lineage of a run', async () => {
    const page = await open('#/runs')
    await page.getByRole('row').filter({ hasText: 'academic-risk v2' }).getByRole('link').click()
    const picture = page.getByRole('img', { name: /^Lineage/ })
    await picture.scrollIntoViewIfNeeded()
    await expect
      .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), { timeout: 15_000 })
      .toBeGreaterThan(400)
  })

  test('shows pictures and hands out files to a reader with a key, which links can’t send', async () => {
    const page = await open('')
    // What the page asked for without a key has been answered: refused below, it would forget the key.
    await page.waitForLoadState('networkidle')
    await page.evaluate(() => sessionStorage.setItem('bellwether.key', 'some-key'))
    // A server that wants a key: what comes without one is refused, what comes with it is answered.
    await page.route('**/api/**', async (route) => {
      const { authorization, ...headers } = route.request().headers()
      if (authorization === 'Bearer some-key') await route.continue({ headers })
      else await route.fulfill({ status: 401, json: { error: 'UNAUTHENTICATED', message: 'Show a key.' } })
    })
    await page.reload()
    const [run] = (await topRuns()).filter((each) => each.metrics['test.f1_macro'] !== undefined)
    await page.goto(`${serverUrl}/#/runs/${run!.id}`)
    const picture = page.getByRole('img', { name: 'Confusion matrix' })
    await expect
      .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), { timeout: 15_000 })
      .toBeGreaterThan(0)
    const download = page.waitForEvent('download')
    await page.getByRole('heading', { name: 'Artifacts' }).waitFor()
    await page.locator('a[href$="/artifacts/evaluation.json"]').click()
    expect((await download).suggestedFilename()).toBe('evaluation.json')
  })

  test('compares two marked runs', async () => {
    const page = await open('#/runs')
    const compare = page.getByRole('button', { name: 'Compare' })
    const marks = page.getByRole('checkbox')
    await marks.first().waitFor()
    expect(await compare.isDisabled()).toBe(true)
    await marks.nth(0).check()
    await marks.nth(1).check()
    await compare.click()
    await page.getByRole('heading', { name: 'Two runs compared' }).waitFor()
    expect(await page.getByRole('table', { name: 'Params of both runs' }).textContent()).toContain('search.scoring')
  })

  test('says what is wrong with an address that names no run', async () => {
    const page = await open('#/runs/01AAAAAAAAAAAAAAAAAAAAAAAA', { expectedErrors: /status of 404/ })
    await page.getByRole('alert').getByText('Could not load this run.').waitFor()
  })
})

describe('the page of models', () => {
  const open = usePages()

  test('shows versions with their aliases and the history of changes', async () => {
    const page = await open('#/models/academic-risk')
    const rows = page.getByRole('table', { name: 'Versions of academic-risk' }).locator('tbody tr')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(2)
    expect(await rows.first().textContent()).toContain('champion')
    const history = page.locator('.history li')
    await history.filter({ hasText: 'champion went from version 1 to version 2.' }).waitFor()
    await history.filter({ hasText: 'Version 1 was made.' }).waitFor()
    const lineage = page.getByRole('img', { name: /^Lineage/ })
    await lineage.scrollIntoViewIfNeeded()
    await expect
      .poll(() => lineage.evaluate((image) => (image as HTMLImageElement).naturalWidth), { timeout: 15_000 })
      .toBeGreaterThan(400)
  })

  test('shows who answers, where there is a plan of traffic', async () => {
    const traffic = (method: string, plan?: object) =>
      fetch(`${serverUrl}/api/v1/models/grades/traffic`, {
        method,
        ...(plan ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(plan) } : {}),
      })
    expect((await traffic('PUT', { weights: { champion: 100 }, sticky: 'key', reason: 'a look' })).status).toBe(200)
    const page = await open('#/models/grades')
    const rows = page.getByRole('table', { name: 'Traffic of grades' }).locator('tbody tr')
    await rows.first().waitFor()
    expect(await rows.allTextContents()).toEqual([expect.stringMatching(/^champion1100%0 requests0––$/)])
    expect(await page.getByText('A caller always gets the same version.').count()).toBe(1)
    await page.getByText('Traffic: champion 100%.').waitFor()
    expect((await traffic('DELETE')).status).toBe(200)
    await page.getByRole('table', { name: 'Traffic of grades' }).waitFor({ state: 'detached', timeout: 15_000 })
  })

  test('leads to the API guide', async () => {
    const page = await open('#/models')
    await page.getByRole('link', { name: 'API', exact: true }).waitFor()
    const href = await page.getByRole('link', { name: 'API', exact: true }).getAttribute('href')
    expect((await fetch(`${serverUrl}${href}`)).status).toBe(200)
  })
})

describe('every page', () => {
  const open = usePages()
  const PAGES = ['', '#/runs', '#/models', '#/nowhere']

  test.each(PAGES)('/%s fits a phone without scrolling sideways', async (path) => {
    const page = await open(path, { viewport: { width: 360, height: 740 } })
    await page.locator('main :is(h1, h2)').first().waitFor()
    await page.waitForLoadState('networkidle')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })

  test.each(PAGES)('/%s has a name for each of its controls and one main heading or title', async (path) => {
    const page = await open(path)
    await page.locator('main :is(h1, h2)').first().waitFor()
    await page.waitForLoadState('networkidle')
    expect(await page.title()).toMatch(/ · Bellwether$/)
    const nameless = await page.locator('input, select, textarea, button, a').evaluateAll((controls) =>
      controls
        .filter((control) => {
          const labels = 'labels' in control ? [...((control as HTMLInputElement).labels ?? [])] : []
          return !(
            control.getAttribute('aria-label') ||
            control.textContent?.trim() ||
            labels.some((label) => label.textContent?.trim())
          )
        })
        .map((control) => control.outerHTML),
    )
    expect(nameless).toEqual([])
  })

  test('is dark where the reader asked for dark', async () => {
    const brightness = async (colorScheme: 'light' | 'dark') => {
      const page = await open('', { colorScheme })
      const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      return Math.max(...colour.match(/\d+/g)!.map(Number))
    }
    expect(await brightness('light')).toBeGreaterThan(200)
    expect(await brightness('dark')).toBeLessThan(60)
  })

  test('says that the models could not be loaded, and loads them on another try', async () => {
    const page = await open('#/nowhere', { expectedErrors: /ERR_FAILED/ })
    await page.route('**/api/v1/models', (route) => route.abort())
    await page.evaluate(() => {
      window.location.hash = '#/models'
    })
    await page.getByRole('alert').getByText('Could not load the models.').waitFor()
    await page.unroute('**/api/v1/models')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Versions' }).waitFor()
  })
})
