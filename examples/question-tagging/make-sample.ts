/**
 * Makes `data/questions-synthetic.csv`: invented questions of a statistics forum with one tag each. Every sentence is put together here
 * from the word lists below; no word of anybody's post is in it. The same seed gives the same bytes.
 *
 *   node examples/question-tagging/make-sample.ts [rows] [seed]
 */
import { writeFileSync } from 'node:fs'
import { RandomState } from '../../src/table/random.ts'

export const HEADER = ['id', 'title', 'body', 'tag'] as const

interface Topic {
  readonly share: number
  /** Things that questions of this tag are about. */
  readonly things: readonly string[]
  readonly methods: readonly string[]
  readonly troubles: readonly string[]
}

export const TOPICS: Readonly<Record<string, Topic>> = {
  'machine-learning': {
    share: 0.3,
    things: ['a classifier', 'a neural network', 'my training set', 'word embeddings', 'a recommender', 'image labels'],
    methods: ['gradient boosting', 'a random forest', 'dropout layers', 'cross-validation', 'a support vector machine'],
    troubles: ['overfits after few epochs', 'has a high validation loss', 'predicts one class only', 'leaks the label'],
  },
  regression: {
    share: 0.3,
    things: [
      'a linear model',
      'two predictors',
      'the intercept',
      'a house price model',
      'count outcomes',
      'panel data',
    ],
    methods: ['least squares', 'a ridge penalty', 'a Poisson model', 'an interaction term', 'robust standard errors'],
    troubles: [
      'has correlated predictors',
      'shows residuals that fan out',
      'gives a coefficient of the wrong sign',
      'has an R squared near zero',
    ],
  },
  probability: {
    share: 0.2,
    things: ['two dice', 'a biased coin', 'an urn with red balls', 'waiting times', 'a random walk', 'card draws'],
    methods: ["Bayes' rule", 'conditional expectation', 'a moment generating function', 'the law of total variance'],
    troubles: [
      'gives a density that does not integrate to one',
      'needs independence that I cannot show',
      'ends in an infinite sum',
    ],
  },
  'data-visualization': {
    share: 0.2,
    things: ['a scatter plot', 'a bar chart', 'a heat map', 'survey answers', 'a time axis', 'overlapping lines'],
    methods: ['a logarithmic axis', 'small multiples', 'a colour palette', 'jittered points', 'box plots'],
    troubles: ['hides the small groups', 'is hard to read in grey', 'has labels on top of each other'],
  },
}

const TITLES = [
  'How do I use {method} with {thing}?',
  'Why is it that {thing} {trouble}?',
  '{Method} or {method} for {thing}?',
  'Should I worry when {thing} {trouble}?',
] as const
const OPENINGS = [
  'I am working with {thing} for a course.',
  'At work we have {thing} and about {number} rows.',
  'This is my first project with {thing}.',
  'I read about {method} and tried it on {thing}.',
] as const
const MIDDLES = [
  'So far I used {method}, but it {trouble}.',
  'With {method} the result {trouble}, and I do not see why.',
  'A colleague says {method} would be better than {method}.',
  'I repeated it {number} times and it still {trouble}.',
  'The documentation of my software says little about {method}.',
] as const
const ENDINGS = [
  'What would you do?',
  'Any hint or reference is welcome.',
  'Is there a simple way to see this?',
  'Thanks in advance!',
] as const

/** Share of the slots that another tag's words fill: forums are like that, and a perfect model would teach nothing. */
const ELSEWHERE = 0.3

export function makeSample(nRows: number, seed: number): string {
  const random = new RandomState(seed)
  const lines = [HEADER.join(',')]
  for (let i = 0; i < nRows; i++) {
    const { tag, title, body } = makeQuestion(random)
    lines.push([String(i + 1), quoted(title), quoted(body), tag].join(','))
  }
  return `${lines.join('\n')}\n`
}

export function makeQuestion(random: RandomState): { tag: string; title: string; body: string } {
  const tag = pickTag(random)
  const middles = Array.from({ length: 1 + random.randint(3) }, () => pick(random, MIDDLES))
  const body = [pick(random, OPENINGS), ...middles, pick(random, ENDINGS)]
  return {
    tag,
    title: fill(random, tag, pick(random, TITLES)),
    body: body.map((sentence) => fill(random, tag, sentence)).join(' '),
  }
}

function pickTag(random: RandomState): string {
  let left = random.random()
  const tags = Object.keys(TOPICS)
  for (const tag of tags) {
    left -= TOPICS[tag]!.share
    if (left < 0) return tag
  }
  return tags[0]!
}

function fill(random: RandomState, tag: string, template: string): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, slot: string) => {
    if (slot === 'number') return String(10 * (1 + random.randint(90)))
    const topic = TOPICS[random.random() < ELSEWHERE ? pickTag(random) : tag]!
    const kind = slot.toLowerCase()
    const word = pick(random, kind === 'thing' ? topic.things : kind === 'method' ? topic.methods : topic.troubles)
    return slot === kind ? word : word[0]!.toUpperCase() + word.slice(1)
  })
}

const pick = <Item>(random: RandomState, items: readonly Item[]): Item => items[random.randint(items.length)]!
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

if (import.meta.main) {
  const nRows = Number(process.argv[2] ?? 400)
  const seed = Number(process.argv[3] ?? 2016)
  writeFileSync(new URL('./data/questions-synthetic.csv', import.meta.url), makeSample(nRows, seed))
  console.error(`${nRows} synthetic questions written to data/questions-synthetic.csv (seed ${seed})`)
}
