/** Where the prediction log is in a home. */
export const PREDICTIONS_FOLDER = 'predictions'
/** What stands behind the keys of persons: 32 bytes, made once. */
export const SECRET_FILE = 'secret'
/** `<model>-<time>-<process>-<chance>.bwpl`, with `_<batch>` behind the chance for a batch of the command line: model, process and batch. */
export const SEGMENT_NAME = /^([0-9a-f]{16})-\w+-(\d+)-[0-9a-z]+(?:_([0-9a-z]+))?\.bwpl(\.open)?$/
/** At the end of a segment's name while it is being written. */
export const OPEN_SUFFIX = '.open'
