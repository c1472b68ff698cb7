import { calibrationCurves } from '../../../evaluate/curves/calibration-curves.ts'
import { confusionMatrix } from '../../../evaluate/curves/confusion-matrix.ts'
import { precisionRecallCurves } from '../../../evaluate/curves/precision-recall-curves.ts'
import { predictionPoints } from '../../../evaluate/curves/prediction-points.ts'
import { rocCurves } from '../../../evaluate/curves/roc-curves.ts'
import { RandomState } from '../../../table/random.ts'
import { calibrationChart } from '../calibration-chart.ts'
import { candidatesChart } from '../candidates-chart.ts'
import type { Chart } from '../chart.ts'
import { confusionMatrixChart } from '../confusion-matrix-chart.ts'
import { importanceChart } from '../importance-chart.ts'
import { precisionRecallChart } from '../precision-recall-chart.ts'
import { predictedActualChart, residualChart } from '../regression-charts.ts'
import { rocChart } from '../roc-chart.ts'

/** Synthetic answers of a classifier: Gaussian scores, the true class's raised by `skill`. */
function answers(classes: readonly string[], shares: readonly number[], n: number, skill: number) {
  const random = new RandomState(42)
  const codes = new Int32Array(n)
  const probabilities = new Float64Array(n * classes.length)
  for (let row = 0; row < n; row++) {
    let left = random.random()
    while (codes[row]! < classes.length - 1 && left > shares[codes[row]!]!) left -= shares[codes[row]!++]!
    const scores = classes.map((_, c) => Math.exp(random.normal() + (c === codes[row] ? skill : 0)) * shares[c]!)
    const total = scores.reduce((sum, score) => sum + score, 0)
    scores.forEach((score, c) => {
      probabilities[row * classes.length + c] = score / total
    })
  }
  return { target: { task: 'classification', codes, classes } as const, probabilities }
}

const LONG_NAMES = [
  'Curricular units 2nd sem (approved)',
  'Tuition fees up to date',
  'Curricular units 1st sem (grade)',
  'Age at enrollment',
  "Mother's qualification (as recorded by the university at enrolment, in the national code list)",
  'Course',
  'x',
  'Scholarship_holder_in_the_first_or_second_semester_of_study',
  'Unemployment rate',
  'GDP',
]

/** Every chart over synthetic data, the plain cases and the awkward ones. */
export function sampleCharts(): Record<string, Chart> {
  const subtitle = 'Synthetic data, 885 test rows'
  const three = answers(['Dropout', 'Enrolled', 'Graduate'], [0.32, 0.18, 0.5], 885, 1.6)
  const two = answers(['no', 'yes'], [0.88, 0.12], 400, 1.2)
  const many = answers(
    [
      'A',
      'Bachelor of Social Communication',
      'Class <b>&"3"',
      'Veterinary nursing',
      'Évora',
      '学生',
      '7',
      '8',
      '9',
      'Tourism (evening attendance)',
      '11',
      '12',
    ],
    Array<number>(12).fill(1 / 12),
    900,
    2,
  )
  const random = new RandomState(7)
  const values = new Float64Array(120).map(() => Math.round(Math.max(0, Math.min(20, 10.4 + 4.5 * random.normal()))))
  const predictions = values.map((value) => 10 + 0.8 * (value - 10) + 1.8 * random.normal())
  const points = predictionPoints({ task: 'regression', values }, predictions)
  const importance = {
    metric: 'f1_macro',
    baseline: 0.71,
    columns: LONG_NAMES.map((name, i) => ({
      name,
      mean: 0.18 * 0.6 ** i - 0.002,
      std: 0.012 / (1 + i / 3),
      losses: [],
    })),
  }
  const candidates = {
    metric: 'F1 (macro)',
    greaterIsBetter: true,
    candidates: [
      { name: 'baseline', value: 0.222, low: 0.213, high: 0.231, role: 'baseline' },
      { name: 'logistic-regression', value: 0.703, low: 0.671, high: 0.735 },
      { name: 'random-forest', value: 0.694, low: 0.66, high: 0.727 },
      { name: 'gradient-boosting', value: 0.712, low: 0.68, high: 0.744, role: 'winner' },
    ],
  } as const
  return {
    'confusion-3': confusionMatrixChart(confusionMatrix(three.target, three.probabilities), { subtitle }),
    'confusion-2': confusionMatrixChart(confusionMatrix(two.target, two.probabilities)),
    'confusion-12': confusionMatrixChart(confusionMatrix(many.target, many.probabilities), { subtitle }),
    'roc-3': rocChart(rocCurves(three.target, three.probabilities), { subtitle }),
    'roc-2': rocChart(rocCurves(two.target, two.probabilities)),
    'roc-12': rocChart(rocCurves(many.target, many.probabilities), { subtitle }),
    'precision-recall-3': precisionRecallChart(precisionRecallCurves(three.target, three.probabilities), { subtitle }),
    'precision-recall-2': precisionRecallChart(precisionRecallCurves(two.target, two.probabilities)),
    'calibration-3': calibrationChart(calibrationCurves(three.target, three.probabilities), { subtitle }),
    'calibration-2': calibrationChart(calibrationCurves(two.target, two.probabilities, { strategy: 'quantile' })),
    importance: importanceChart(importance, { subtitle, top: 8 }),
    candidates: candidatesChart(candidates, { subtitle: 'Synthetic data, 5-fold cross-validation' }),
    'predicted-actual': predictedActualChart(points, { target: 'G3', unit: 'points', subtitle: 'Synthetic data' }),
    residuals: residualChart(points, { target: 'G3', unit: 'points', subtitle: 'Synthetic data' }),
  }
}
