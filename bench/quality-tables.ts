import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A table whose default run is judged beside its peers. */
export interface QualityTable {
  readonly name: string
  readonly project: string
  readonly file: string
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The real tables where BELLWETHER_DATASETS has them; without it the synthetic sample. */
export function qualityTables(): QualityTable[] {
  const folder = process.env['BELLWETHER_DATASETS']
  const real = (file: string) => path.join(folder ?? '', file)
  const all: QualityTable[] = [
    {
      name: 'academic-risk',
      project: here('../examples/academic-risk/bellwether.yaml'),
      file: folder ? real('student-dropout/data.csv') : here('../examples/academic-risk/data/students-synthetic.csv'),
    },
    {
      name: 'math-performance',
      project: here('projects/math-performance.yaml'),
      file: real('student-performance/student-mat.csv'),
    },
    {
      name: 'exam-score',
      project: here('projects/exam-score.yaml'),
      file: real('exam-scores/stud.csv'),
    },
    {
      name: 'posts',
      project: here('projects/posts.yaml'),
      file: real('cross-validated/crossvalidated-questions.csv'),
    },
  ]
  return all.filter(({ file }) => path.isAbsolute(file) && existsSync(file))
}
