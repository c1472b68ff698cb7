/**
 * Counts and means that describe the students of UCI dataset 697 (Realinho, Vieira Martins, Machado, Baptista, 2021, DOI 10.24432/C5MC89, CC BY 4.0),
 * as tables of single columns or of a column by outcome: what `make-sample.ts` is calibrated to. No row of the dataset is here, and none can be
 * had back from it.
 */

/** Weights of the values of a column. */
export type Shares = Readonly<Record<string, number>>

export const OUTCOMES = ['Dropout', 'Enrolled', 'Graduate'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Numbers by outcome, in the order of OUTCOMES. */
type ByOutcome = readonly [number, number, number]

export interface CourseFacts {
  readonly students: number
  readonly outcomes: ByOutcome
  readonly male: number
  readonly daytime: 0 | 1
  /** Units that most of its students enrol for: first semester, second semester. */
  readonly units: readonly [readonly number[], readonly number[]]
  readonly meanAge: number
}

export const COURSES: Readonly<Record<string, CourseFacts>> = {
  '33': { students: 12, outcomes: [0.667, 0.25, 0.083], male: 0.75, daytime: 1, units: [[7], [7]], meanAge: 29.6 },
  '171': {
    students: 215,
    outcomes: [0.381, 0.172, 0.447],
    male: 0.544,
    daytime: 1,
    units: [
      [0, 0, 0, 0, 0, 12],
      [0, 0, 0, 0, 0, 11],
    ],
    meanAge: 20.3,
  },
  '8014': {
    students: 215,
    outcomes: [0.33, 0.098, 0.572],
    male: 0.195,
    daytime: 0,
    units: [
      [6, 6, 6, 11],
      [6, 6, 6, 7],
    ],
    meanAge: 33.9,
  },
  '9003': {
    students: 210,
    outcomes: [0.41, 0.176, 0.414],
    male: 0.71,
    daytime: 1,
    units: [
      [6, 6, 6, 6, 12],
      [6, 6, 6, 6, 12],
    ],
    meanAge: 27.7,
  },
  '9070': {
    students: 226,
    outcomes: [0.226, 0.186, 0.588],
    male: 0.425,
    daytime: 1,
    units: [[6, 6, 6, 6, 6, 7], [6]],
    meanAge: 21.1,
  },
  '9085': {
    students: 337,
    outcomes: [0.267, 0.223, 0.51],
    male: 0.178,
    daytime: 1,
    units: [
      [6, 5],
      [6, 5],
    ],
    meanAge: 21.7,
  },
  '9119': {
    students: 170,
    outcomes: [0.541, 0.376, 0.082],
    male: 0.959,
    daytime: 1,
    units: [
      [5, 5, 5, 5, 5, 6],
      [5, 5, 5, 5, 6],
    ],
    meanAge: 23.4,
  },
  '9130': {
    students: 141,
    outcomes: [0.553, 0.149, 0.298],
    male: 0.44,
    daytime: 1,
    units: [
      [6, 5],
      [6, 5],
    ],
    meanAge: 23.1,
  },
  '9147': {
    students: 380,
    outcomes: [0.353, 0.284, 0.363],
    male: 0.426,
    daytime: 1,
    units: [[5, 5, 5, 5, 5, 5, 5, 11], [5]],
    meanAge: 23,
  },
  '9238': { students: 355, outcomes: [0.183, 0.118, 0.699], male: 0.13, daytime: 1, units: [[6], [6]], meanAge: 21.1 },
  '9254': { students: 252, outcomes: [0.381, 0.163, 0.456], male: 0.397, daytime: 1, units: [[6], [6]], meanAge: 22.4 },
  '9500': {
    students: 766,
    outcomes: [0.154, 0.131, 0.715],
    male: 0.195,
    daytime: 1,
    units: [
      [7, 7, 8],
      [8, 8, 8, 7],
    ],
    meanAge: 20.9,
  },
  '9556': {
    students: 86,
    outcomes: [0.384, 0.198, 0.419],
    male: 0.221,
    daytime: 1,
    units: [[7], [8, 8, 7]],
    meanAge: 25.2,
  },
  '9670': {
    students: 268,
    outcomes: [0.354, 0.179, 0.466],
    male: 0.455,
    daytime: 1,
    units: [
      [6, 6, 5],
      [6, 6, 5],
    ],
    meanAge: 21.8,
  },
  '9773': { students: 331, outcomes: [0.305, 0.103, 0.592], male: 0.347, daytime: 1, units: [[6], [6]], meanAge: 20.8 },
  '9853': {
    students: 192,
    outcomes: [0.443, 0.26, 0.297],
    male: 0.047,
    daytime: 1,
    units: [
      [6, 6, 6, 7],
      [6, 6, 6, 7],
    ],
    meanAge: 21.8,
  },
  '9991': {
    students: 268,
    outcomes: [0.507, 0.201, 0.291],
    male: 0.507,
    daytime: 0,
    units: [
      [5, 5, 5, 5, 10],
      [5, 5, 5, 5, 10],
    ],
    meanAge: 32.8,
  },
}

/** Application modes of students up to 23 years, and of older ones. */
export const APPLICATION_MODES: { readonly young: Shares; readonly older: Shares } = {
  young: {
    '1': 1690,
    '17': 860,
    '39': 60,
    '43': 90,
    '44': 170,
    '7': 15,
    '18': 120,
    '42': 25,
    '51': 30,
    '16': 38,
    '53': 28,
    '15': 23,
    '5': 15,
    '10': 9,
  },
  older: {
    '1': 18,
    '17': 12,
    '39': 725,
    '43': 222,
    '44': 43,
    '7': 124,
    '18': 4,
    '42': 52,
    '51': 29,
    '53': 7,
    '15': 7,
    '5': 1,
    '10': 1,
    '2': 3,
    '57': 1,
    '26': 1,
    '27': 1,
  },
}

/** Previous qualification by application mode; other modes are mostly `1` (secondary education). */
export const PREVIOUS_QUALIFICATIONS: Readonly<Record<string, Shares>> = {
  '39': { '1': 528, '19': 154, '12': 37, '38': 7, '9': 11, '10': 4, '15': 2, '14': 1 },
  '44': { '39': 200, '1': 13 },
  '7': { '3': 91, '40': 29, '2': 15, '4': 6, '5': 1 },
  '53': { '42': 33, '1': 2 },
  '43': { '1': 269, '6': 14, '3': 12, '2': 5, '43': 6, '40': 6 },
  other: { '1': 300, '19': 3, '39': 4, '3': 6, '42': 2 },
}

export const COLUMNS: Readonly<Record<string, Shares>> = {
  maritalYoung: { '1': 990, '2': 7, '5': 3 },
  maritalOlder: { '1': 560, '2': 335, '4': 85, '5': 13, '6': 5, '3': 3 },
  applicationOrder: { '1': 3026, '2': 547, '3': 309, '4': 249, '5': 154, '6': 137, '0': 1, '9': 1 },
  foreignNationality: {
    '41': 38,
    '26': 14,
    '6': 13,
    '22': 13,
    '24': 5,
    '103': 3,
    '11': 3,
    '100': 3,
    '62': 2,
    '25': 2,
    '21': 2,
    '101': 2,
    '2': 2,
    '105': 2,
    '13': 1,
    '32': 1,
    '109': 1,
    '108': 1,
    '14': 1,
    '17': 1,
  },
  motherQualification: {
    '1': 1069,
    '37': 1009,
    '19': 953,
    '38': 562,
    '3': 438,
    '34': 130,
    '2': 83,
    '4': 49,
    '12': 42,
    '5': 21,
    '40': 9,
    '9': 8,
    '39': 8,
    '41': 6,
    '42': 4,
    '6': 4,
    '43': 4,
    '11': 3,
    '30': 3,
    '35': 3,
    '36': 3,
    '10': 3,
    '29': 3,
    '14': 2,
    '18': 1,
    '22': 1,
    '27': 1,
    '26': 1,
    '44': 1,
  },
  fatherQualification: {
    '37': 1209,
    '19': 968,
    '1': 904,
    '38': 702,
    '3': 282,
    '34': 112,
    '2': 68,
    '4': 39,
    '12': 38,
    '39': 20,
    '5': 18,
    '11': 10,
    '36': 8,
    '9': 5,
    '40': 5,
    '14': 4,
    '22': 4,
    '30': 4,
    '29': 3,
    '26': 2,
    '35': 2,
    '41': 2,
    '43': 2,
    '10': 2,
    '6': 2,
    '20': 1,
    '13': 1,
    '18': 1,
    '42': 1,
    '25': 1,
    '44': 1,
    '33': 1,
    '27': 1,
    '31': 1,
  },
  motherOccupation: {
    '9': 1577,
    '4': 817,
    '5': 530,
    '3': 351,
    '2': 318,
    '7': 272,
    '0': 144,
    '1': 102,
    '6': 91,
    '90': 70,
    '8': 36,
    '191': 26,
    '99': 17,
    '194': 11,
    '141': 8,
    '123': 7,
    '144': 6,
    '175': 5,
    '192': 5,
    '134': 4,
    '10': 4,
    '193': 4,
    '151': 3,
    '132': 3,
    '143': 3,
    '152': 2,
    '122': 2,
    '153': 2,
    '125': 1,
    '173': 1,
    '131': 1,
    '171': 1,
  },
  fatherOccupation: {
    '9': 1010,
    '7': 666,
    '5': 516,
    '4': 386,
    '3': 384,
    '8': 318,
    '10': 266,
    '6': 242,
    '2': 197,
    '1': 134,
    '0': 128,
    '90': 65,
    '99': 19,
    '193': 15,
    '144': 8,
    '171': 8,
    '192': 6,
    '163': 5,
    '175': 4,
    '103': 4,
    '135': 3,
    '152': 3,
    '183': 3,
    '181': 3,
    '123': 3,
    '151': 2,
    '182': 2,
    '194': 2,
    '172': 2,
    '122': 2,
    '102': 2,
    '112': 2,
    '124': 1,
    '121': 1,
    '195': 1,
    '161': 1,
    '132': 1,
    '131': 1,
    '143': 1,
    '134': 1,
    '153': 1,
    '174': 1,
    '141': 1,
    '114': 1,
    '101': 1,
    '154': 1,
  },
}

/** Shares of "yes" by outcome. */
export const YES: Readonly<
  Record<'tuition' | 'debtor' | 'scholarship' | 'displaced' | 'specialNeeds' | 'foreign', ByOutcome>
> = {
  tuition: [0.678, 0.947, 0.987],
  debtor: [0.22, 0.113, 0.046],
  scholarship: [0.094, 0.164, 0.378],
  displaced: [0.471, 0.545, 0.599],
  specialNeeds: [0.012, 0.014, 0.01],
  foreign: [0.023, 0.03, 0.024],
}

/** Mean and standard deviation. */
export const GRADES: Readonly<Record<'admission' | 'previous', readonly (readonly [number, number])[]>> = {
  admission: [
    [124.96, 15.12],
    [125.53, 13.78],
    [128.79, 14.07],
  ],
  previous: [
    [131.11, 12.87],
    [131.21, 12.86],
    [134.08, 13.34],
  ],
}

/** Mean age minus the course's mean age, by outcome. */
export const AGE_SHIFT: ByOutcome = [2.3, -0.9, -1.1]

export interface SemesterFacts {
  /** Share of students with units who pass none; who pass all. */
  readonly none: ByOutcome
  readonly all: ByOutcome
  /** Mean share of units passed. */
  readonly passed: ByOutcome
  /** Evaluations per unit. */
  readonly evaluations: ByOutcome
  /** Mean and standard deviation of the grade (0 to 20) where a unit was passed. */
  readonly grade: readonly (readonly [number, number])[]
  readonly credited: ByOutcome
  readonly withoutEvaluations: ByOutcome
}

export const SEMESTERS: readonly [SemesterFacts, SemesterFacts] = [
  {
    none: [0.367, 0.056, 0.001],
    all: [0.112, 0.238, 0.654],
    passed: [0.406, 0.714, 0.935],
    evaluations: [1.345, 1.597, 1.255],
    grade: [
      [12.12, 1.34],
      [12.22, 1.21],
      [13.1, 1.25],
    ],
    credited: [0.133, 0.127, 0.141],
    withoutEvaluations: [0.092, 0.091, 0.047],
  },
  {
    none: [0.484, 0.052, 0],
    all: [0.07, 0.162, 0.642],
    passed: [0.31, 0.673, 0.932],
    evaluations: [1.254, 1.616, 1.245],
    grade: [
      [12.08, 1.4],
      [12.16, 1.23],
      [13.14, 1.26],
    ],
    credited: [0.117, 0.108, 0.136],
    withoutEvaluations: [0.092, 0.089, 0.043],
  },
]

/** Unemployment rate, inflation rate and GDP of Portugal's years, with the students enrolled in each. */
export const ECONOMY: readonly {
  readonly unemployment: number
  readonly inflation: number
  readonly gdp: number
  readonly students: number
}[] = [
  { unemployment: 7.6, inflation: 2.6, gdp: 0.32, students: 571 },
  { unemployment: 9.4, inflation: -0.8, gdp: -3.12, students: 533 },
  { unemployment: 10.8, inflation: 1.4, gdp: 1.74, students: 525 },
  { unemployment: 12.7, inflation: 3.7, gdp: -1.7, students: 419 },
  { unemployment: 15.5, inflation: 2.8, gdp: -4.06, students: 397 },
  { unemployment: 16.2, inflation: 0.3, gdp: -0.92, students: 362 },
  { unemployment: 13.9, inflation: -0.3, gdp: 0.79, students: 390 },
  { unemployment: 12.4, inflation: 0.5, gdp: 1.79, students: 445 },
  { unemployment: 11.1, inflation: 0.6, gdp: 2.02, students: 414 },
  { unemployment: 8.9, inflation: 1.4, gdp: 3.51, students: 368 },
]
