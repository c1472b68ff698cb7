import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { ModelSignature } from '../../src/packaging/signature.ts'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { serverUrl, usePages } from './open-page.ts'

const REFUSED = /status of 400/

async function signatureOf(model: string): Promise<ModelSignature> {
  return (await (await fetch(`${serverUrl}/api/v1/models/${model}/signature`)).json()) as ModelSignature
}

/** What the page sends when its button is pressed, and what the server answers. */
async function predict(page: Page): Promise<{
  sent: { records: Record<string, unknown>[]; explain: boolean }
  status: number
  answer: { predictions: ClassPrediction[] }
}> {
  const [response] = await Promise.all([
    page.waitForResponse((candidate) => candidate.url().endsWith('/predict')),
    page.getByRole('button', { name: 'Predict', exact: true }).click(),
  ])
  return { sent: response.request().postDataJSON(), status: response.status(), answer: await response.json() }
}

/** Whether the reader sees a control: nothing lies over its middle. */
function isUncovered(control: Locator): Promise<boolean> {
  return control.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect()
    return document.elementFromPoint(left + width / 2, top + height / 2) === element
  })
}

describe('the form', () => {
  const open = usePages()

  test('holds every input of the signature under its label, with the example filled in', async () => {
    const page = await open('#/predict/academic-risk')
    const signature = await signatureOf('academic-risk')
    await page.getByRole('button', { name: 'Predict', exact: true }).waitFor()
    for (const column of signature.inputs) {
      const field = page
        .getByLabel(column.name, { exact: true })
        .or(page.getByLabel(`${column.name} (${column.unit})`, { exact: true }))
      expect(await field.inputValue(), column.name).toBe(String(signature.example[column.name] ?? ''))
    }
  })

  test('offers categories with their meanings, and bounds numbers by what is declared', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByLabel('Course', { exact: true }).waitFor()
    const options = await page.getByLabel('Course', { exact: true }).locator('option').allTextContents()
    expect(options).toContain('Nursing (9500)')
    const grade = page.getByLabel('Admission grade', { exact: true })
    expect([
      await grade.getAttribute('type'),
      await grade.getAttribute('min'),
      await grade.getAttribute('max'),
    ]).toEqual(['number', '0', '200'])
    const hint = await page
      .locator(`[id="${(await grade.getAttribute('aria-describedby'))?.split(' ').at(-1)}"]`)
      .textContent()
    expect(hint).toMatch(/^0 to 200 · seen: \S+ to \S+$/)
  })

  test('sends each value in the type of its column, and what is not known as missing', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByLabel('Course', { exact: true }).selectOption({ label: 'Nursing (9500)' })
    await page.getByLabel('Admission grade', { exact: true }).fill('')
    const { sent, status } = await predict(page)
    expect(status).toBe(200)
    expect(sent.explain).toBe(true)
    const { example } = await signatureOf('academic-risk')
    const course = typeof example['Course'] === 'number' ? 9500 : '9500'
    expect(sent.records).toEqual([{ ...example, Course: course, 'Admission grade': null }])
  })

  test('a search shows the fields that fit, by the meaning of their codes as well', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByRole('searchbox', { name: 'Search fields' }).fill('nursing')
    const shown = page.locator('form label:visible')
    expect(await shown.allTextContents()).toEqual(['Course'])
    await page.getByRole('searchbox', { name: 'Search fields' }).fill('2nd sem')
    expect((await shown.allTextContents()).every((text) => text.includes('2nd sem'))).toBe(true)
    await page.getByRole('searchbox', { name: 'Search fields' }).fill('')
    expect(await shown.count()).toBe((await signatureOf('academic-risk')).inputs.length)
  })

  test('works by keyboard alone', async () => {
    const page = await open('#/predict/academic-risk')
    const grade = page.getByLabel('Admission grade', { exact: true })
    await grade.focus()
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type('145')
    await Promise.all([
      page.waitForResponse((response) => response.url().endsWith('/predict')),
      page.keyboard.press('Enter'),
    ])
    await page.getByRole('heading', { name: 'Reasons' }).waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/^(Dropout|Enrolled|Graduate)$/)
  })
})

describe('the answer', () => {
  const open = usePages()

  test('shows the label, the probability of each class and the reasons that the server gave', async () => {
    const page = await open('')
    await page.getByRole('heading', { level: 1, name: 'academic-risk' }).waitFor()
    const { answer } = await predict(page)
    const prediction = answer.predictions[0]!
    const aside = page.getByRole('complementary', { name: 'Answer' })
    await aside.getByRole('heading', { name: prediction.label }).waitFor()
    const bars = await aside
      .getByRole('list', { name: 'Probability of each class' })
      .getByRole('listitem')
      .allTextContents()
    expect(bars).toHaveLength(3)
    for (const [label, share] of Object.entries(prediction.probabilities)) {
      const bar = bars.find((text) => text.startsWith(label))
      expect(Number(/([\d.]+)%/.exec(bar!)?.[1])).toBeCloseTo(share * 100, 0)
    }
    const reasons = aside.getByRole('list', { name: /^Reasons/ }).getByRole('listitem')
    expect(await reasons.count()).toBe(10)
    expect(await reasons.first().textContent()).toContain(prediction.explanation!.contributions[0]!.feature)
    await aside.getByRole('button', { name: /^Show all/ }).click()
    expect(await reasons.count()).toBe(prediction.explanation!.contributions.length)
  })

  test('says in words what the prediction set means', async () => {
    const page = await open('#/predict/academic-risk')
    const { answer } = await predict(page)
    const set = answer.predictions[0]!.set!
    const words = await page.locator('.answer-set').textContent()
    expect(
      set.length === 3 ? words?.includes('none of the classes') : set.every((label) => words?.includes(label)),
    ).toBe(true)
  })

  test('is marked as outdated once the form has changed', async () => {
    const page = await open('#/predict/academic-risk')
    await predict(page)
    await page.getByRole('heading', { name: 'Reasons' }).waitFor()
    const outdated = page.getByText('The form has changed since this answer.')
    expect(await outdated.count()).toBe(0)
    await page.getByLabel('Admission grade', { exact: true }).fill('151.5')
    await outdated.waitFor()
  })

  test('warns of a value that training never saw', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByLabel('Age at enrollment').fill('99')
    const { answer } = await predict(page)
    expect(answer.predictions[0]!.warnings).toHaveLength(1)
    const notice = page
      .getByRole('complementary', { name: 'Answer' })
      .getByRole('listitem')
      .filter({ hasText: answer.predictions[0]!.warnings[0]!.message })
    expect(await notice.textContent()).toContain('Age at enrollment')
  })

  test('of a model for numbers is a value with its interval', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByLabel('Model', { exact: true }).selectOption('grades')
    await page.getByRole('heading', { level: 1, name: 'grades' }).waitFor()
    await page.getByLabel('hours (hours)').fill('50')
    await page.getByLabel('group', { exact: true }).selectOption('south')
    await page.getByRole('button', { name: 'Predict', exact: true }).click()
    await page.getByRole('heading', { name: 'Reasons' }).waitFor()
    const value = Number(await page.locator('.answer-label').textContent())
    expect(value).toBeGreaterThan(13)
    expect(value).toBeLessThan(19)
    const [low, high] = (await page.locator('.interval strong').allTextContents()).map(Number)
    expect(low!).toBeLessThan(value)
    expect(high!).toBeGreaterThan(value)
  })

  test('of a model that learnt from synthetic data stands under a banner that says so', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByText(/Trained on synthetic sample data/).waitFor()
    const other = await open('#/predict/grades')
    await other.getByRole('button', { name: 'Predict', exact: true }).waitFor()
    expect(await other.getByText(/synthetic/i).count()).toBe(0)
  })
})

describe('a refused question', () => {
  const open = usePages()

  test("shows each fault at its field and in a summary that leads there, without the field's neighbours", async () => {
    const page = await open('#/predict/academic-risk', { expectedErrors: REFUSED })
    const grade = page.getByLabel('Admission grade', { exact: true })
    await grade.fill('201')
    const { status } = await predict(page)
    expect(status).toBe(400)
    const summary = page.getByRole('alert')
    await summary.getByText('One field needs another value.').waitFor()
    expect(await grade.getAttribute('aria-invalid')).toBe('true')
    const errorId = (await grade.getAttribute('aria-describedby'))!.split(' ').at(-1)!
    expect(await page.locator(`[id="${errorId}"]`).textContent()).toMatch(/200/)
    expect(await page.locator('[aria-invalid]').count()).toBe(1)
    await summary.getByRole('link', { name: 'Admission grade' }).click()
    expect(await grade.evaluate((element) => element === document.activeElement)).toBe(true)
    await expect.poll(() => isUncovered(grade)).toBe(true)
    await grade.fill('120')
    expect((await predict(page)).status).toBe(200)
    await page.getByRole('heading', { name: 'Reasons' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('shows a field at fault even where the search would hide it', async () => {
    const page = await open('#/predict/academic-risk', { expectedErrors: REFUSED })
    await page.getByLabel('Admission grade', { exact: true }).fill('-1')
    await page.getByRole('searchbox', { name: 'Search fields' }).fill('Course')
    await predict(page)
    await page.getByRole('alert').waitFor()
    expect(await page.getByLabel('Admission grade', { exact: true }).isVisible()).toBe(true)
  })

  test('is not even sent when a number cannot be read', async () => {
    const page = await open('#/predict/academic-risk')
    let asked = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/predict')) asked += 1
    })
    const grade = page.getByLabel('Admission grade', { exact: true })
    await grade.fill('')
    await grade.pressSequentially('1e')
    await page.getByRole('button', { name: 'Predict', exact: true }).click()
    await page.getByRole('alert').getByRole('link', { name: 'Admission grade' }).waitFor()
    expect(asked).toBe(0)
    await page.getByRole('button', { name: 'Fill in the example' }).click()
    expect(await grade.inputValue()).not.toBe('')
  })

  test('says that the server does not answer when it does not', async () => {
    const page = await open('#/predict/academic-risk', { expectedErrors: /ERR_FAILED/ })
    await page.getByRole('button', { name: 'Predict', exact: true }).waitFor()
    await page.route('**/predict', (route) => route.abort())
    await page.getByRole('button', { name: 'Predict', exact: true }).click()
    await page.getByRole('alert').getByText('The server does not answer.').waitFor()
  })
})

describe('what would move the answer', () => {
  const open = usePages()

  test('is tried on demand, of what the project calls actionable, and said in words of chance and not of cause', async () => {
    const page = await open('#/predict/academic-risk')
    await page.getByLabel('Tuition fees up to date', { exact: true }).selectOption('0')
    await page.getByLabel('Curricular units 2nd sem (approved)', { exact: true }).fill('1')
    const { answer } = await predict(page)
    const { label } = answer.predictions[0]!
    const frame = page.getByRole('region', { name: 'What if' })
    const target = label === 'Graduate' ? 'Dropout' : 'Graduate'
    await frame.getByLabel('Towards').selectOption(target)
    expect(await frame.getByLabel('Towards').locator('option').allTextContents()).not.toContain(label)
    const [response] = await Promise.all([
      page.waitForResponse(
        (candidate) => candidate.url().endsWith('/what-if') && candidate.request().method() === 'POST',
      ),
      frame.getByRole('button', { name: 'Try changes' }).click(),
    ])
    const { smallest, fields } = await response.json()
    await frame.getByText('associations that the model has learnt').waitFor()
    expect(await frame.locator('details').count()).toBe(fields.length)
    if (smallest) {
      const changes = frame.getByRole('list', { name: 'The smallest change' }).getByRole('listitem')
      expect(await changes.count()).toBe(smallest.changes.length)
      await frame.getByText(`${target}, `).first().waitFor()
    } else await frame.getByText(/moves it there/).waitFor()
    await frame.getByText('Tuition fees up to date').last().click()
    await frame.getByRole('cell', { name: 'yes (1)' }).waitFor()
  })

  test('is not offered where the project names no such field', async () => {
    const page = await open('#/predict/grades')
    await predict(page)
    await page.getByRole('heading', { name: 'Reasons' }).waitFor()
    expect(await page.getByRole('region', { name: 'What if' }).count()).toBe(0)
  })
})
