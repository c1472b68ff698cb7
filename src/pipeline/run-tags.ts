/** Tag of a run that failed: the code of the error, where it came, what it said. */
export const ERROR_TAG = 'bellwether.error'

/** Tag of a run that distilled: `model/version` of the teacher. */
export const TEACHER_TAG = 'bellwether.distilledFrom'
