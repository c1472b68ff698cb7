/**
 * Every error that Bellwether raises on purpose: its code, the HTTP status it maps to, and what to do about it.
 * A code is never reused for another meaning. `docs/errors.md` is made from this table.
 */
export const ERRORS = {
  // Usage and project file
  USAGE: { status: 400, hint: 'See `bellwether --help`.' },
  INVALID_INPUT: { status: 400, hint: 'Correct the fields named in `details`.' },
  PROJECT_NOT_FOUND: {
    status: 404,
    hint: 'Name a folder with a bellwether.yaml, a project file, or a project under examples/ or in the home.',
  },
  PROJECT_INVALID: {
    status: 400,
    hint: 'Correct the project file at the place named; an editor completes it from the JSON Schema.',
  },
  // Learning and search
  ESTIMATOR_UNKNOWN: { status: 400, hint: 'Choose one of the models that the message lists.' },
  ESTIMATOR_TASK_MISMATCH: { status: 400, hint: 'Choose a model for this task, or change `task`.' },
  ESTIMATOR_OPTIONS_INVALID: { status: 400, hint: 'Correct the options named in `details`.' },
  FIT_THREAD_LOST: { status: 500, hint: 'Fit again with `--threads 1`; if that works, report it with the log.' },
  FIT_NO_ROWS: { status: 422, hint: 'Add rows, or relax what turned them away.' },
  FIT_ONE_CLASS: {
    status: 422,
    hint: 'Add rows of another class, give them a weight above 0, or use fewer folds.',
  },
  MATRIX_NOT_FINITE: {
    status: 422,
    hint: 'Let the features impute missing values (`impute`), and declare a range that keeps infinite ones out.',
  },
  WEIGHTS_INVALID: { status: 422, hint: 'Give each row a finite weight, 0 or more, and some row more than 0.' },
  MODEL_STATE_INVALID: {
    status: 422,
    hint: 'The stored model is damaged or of another version of Bellwether; train it again or restore a backup.',
  },
  CLUSTERER_UNKNOWN: { status: 400, hint: 'Choose one of the clusterers that the message lists.' },
  CLUSTERS_TOO_MANY: { status: 422, hint: 'Ask for fewer clusters (`nClusters`), or give rows that differ.' },
  COVARIANCE_SINGULAR: {
    status: 422,
    hint: 'Raise `regCovar`, take fewer clusters or a simpler `covariance`, or scale the columns.',
  },
  COVARIANCE_TOO_LARGE: {
    status: 422,
    hint: 'Take `diag` or `spherical` as `covariance`, k-means, or fewer columns.',
  },
  SEARCH_SPACE_INVALID: { status: 400, hint: 'Correct the distribution that the message names.' },
  SEARCH_ALL_FAILED: { status: 422, hint: 'See `details` for the errors of the trials.' },
  // Serving
  ROUTE_NOT_FOUND: { status: 404, hint: 'The paths are listed at /docs and in /openapi.json.' },
  METHOD_NOT_ALLOWED: { status: 405, hint: 'Use a method that the `Allow` header names.' },
  MALFORMED_REQUEST: { status: 400, hint: 'Send a valid HTTP/1.1 request; the paths are listed at /docs.' },
  MALFORMED_JSON: { status: 400, hint: 'Send one JSON document in UTF-8 without `__proto__` keys.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, hint: 'Send the header `Content-Type: application/json`.' },
  BODY_TOO_LARGE: { status: 413, hint: 'Split the records over several requests.' },
  HEADERS_TOO_LARGE: { status: 431, hint: 'Send fewer or shorter headers.' },
  REQUEST_TIMEOUT: { status: 408, hint: 'Send the whole request faster.' },
  HOST_NOT_ALLOWED: {
    status: 403,
    hint: 'Use localhost and the right port, or allow the name with `serve --allowed-host NAME`.',
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    hint: 'Call from a page of this server, or from a program that sends no `Origin` header.',
  },
  NO_DEFAULT_MODEL: {
    status: 404,
    hint: 'Call /api/v1/models/{name}/predict, or start the server with `--default-model NAME`.',
  },
  MODEL_UNAVAILABLE: {
    status: 503,
    hint: 'See the server log; another version can be made champion with `bellwether models promote`.',
  },
  CANNOT_SERVE: {
    status: 422,
    hint: 'The request is well formed, but this model has no answer to it; see the message.',
  },
  NOT_ACTIONABLE: {
    status: 422,
    hint: 'Name the columns that people can do something about in `serving.actionable` of the project file, and train again.',
  },
  PREDICTIONS_NOT_KEPT: { status: 404, hint: 'Serve with a home; `serving.predictionLog` says what is kept.' },
  PREDICTION_LOG_BUSY: {
    status: 409,
    hint: 'Try again; where the process that is named does not answer, stop it first.',
  },
  PREDICTION_LOG_UNAVAILABLE: {
    status: 503,
    hint: 'The disk of the prediction log is full or does not answer; see the server log. Nothing was lost that was answered.',
  },
  OUTCOME_UNKNOWN: {
    status: 404,
    hint: 'Name predictions that the prediction log still has, by the `id` of their answer; `onError: partial` keeps the others.',
  },
  NOT_READY: { status: 503, hint: 'See `details`, and the server log.' },
  UNAUTHENTICATED: {
    status: 401,
    hint: 'Send `Authorization: Bearer KEY`, or `X-API-Key: KEY`; `bellwether keys create` makes a key.',
  },
  SIGNED_URL_INVALID: { status: 403, hint: 'Ask for a new address; it is good for one method and one path.' },
  SIGNED_URL_EXPIRED: { status: 403, hint: 'Ask for a new address.' },
  RANGES_UNAVAILABLE: { status: 404, hint: 'Fetch the file as a whole.' },
  RANGE_NOT_SATISFIABLE: { status: 416, hint: 'Ask for bytes that the file has, or for all of it.' },
  FORBIDDEN: {
    status: 403,
    hint: 'Ask an administrator for a key with the role that this needs; docs/security.md lists them.',
  },
  TOO_MANY_ATTEMPTS: { status: 429, hint: 'Wait for the seconds that `Retry-After` names, and check the key.' },
  EXTRACTION_SUSPECTED: {
    status: 429,
    hint: 'Wait for the seconds that `Retry-After` names, or ask whoever runs the server (docs/security.md, "Copying a model").',
  },
  RATE_LIMITED: {
    status: 429,
    hint: 'Wait for the seconds that `Retry-After` names; send more records in one request.',
  },
  OVERLOADED: {
    status: 503,
    hint: 'Wait for the seconds that `Retry-After` names; `limits` of the settings say how much the server takes.',
  },
  AUTH_UNAVAILABLE: {
    status: 503,
    hint: 'Try again; the server log says what the store or the identity provider did.',
  },
  SETTINGS_INVALID: { status: 400, hint: 'Correct the settings at the place named; docs/security.md lists them.' },
  KEY_NOT_FOUND: { status: 404, hint: 'List the keys with `bellwether keys list`.' },
  KEY_ENDED: { status: 409, hint: 'Make a new key with `bellwether keys create`.' },
  KEYS_INVALID: {
    status: 400,
    hint: 'docs/security.md has the grammar; `bellwether keys create --environment` prints an entry.',
  },
  AUTH_REQUIRED_FOR_BIND: {
    status: 403,
    hint: 'Bind to 127.0.0.1, ::1 or localhost, or leave authentication on.',
  },
  TLS_INVALID: {
    status: 400,
    hint: 'Give files in PEM, readable for this user: a certificate with its chain (`--tls-cert`) and its private key (`--tls-key`).',
  },
  PORT_IN_USE: { status: 409, hint: 'Stop what uses the port, or choose another one with `--port`.' },
  BIND_FAILED: {
    status: 400,
    hint: 'Choose an address of this machine with `--host`, and a port that you may use with `--port`.',
  },
  // Anywhere
  INTERNAL: {
    status: 500,
    hint: 'This is a fault of Bellwether. Report it with the request id and the log around it.',
  },
  CANCELLED: { status: 499, hint: 'Run the same command again; finished work is kept.' },
  // Data: files, validation, versions
  FILE_NOT_FOUND: { status: 404, hint: 'Check the path and the folder that the command runs in.' },
  FILE_UNREADABLE: {
    status: 400,
    hint: 'Check the permissions, and that the file is whole and of the format that its name says.',
  },
  DISK_FULL: { status: 507, hint: 'Free some space, or choose another `--home`; nothing half-written was kept.' },
  FILE_EMPTY: { status: 400, hint: 'Give a file with a header and at least one row.' },
  FORMAT_UNSUPPORTED: {
    status: 415,
    hint: 'Give .csv, .tsv, .txt (also .gz), .parquet, .jsonl, .ndjson, .json or .html.',
  },
  NO_ROWS: { status: 400, hint: 'Give a file with at least one row below its header.' },
  HEADER_DUPLICATED: {
    status: 400,
    hint: 'Give each column a name of its own, in the file or with `data.read.names`.',
  },
  HEADER_MISMATCH: { status: 400, hint: 'Give as many names in `data.read.names` as the file has columns.' },
  DELIMITER_WRONG: {
    status: 400,
    hint: 'Set `data.read.delimiter` to the character between the cells, or quote the header cell.',
  },
  ENCODING_INVALID: {
    status: 400,
    hint: 'Save the file as UTF-8, or name its encoding in `data.read.encoding`, such as windows-1252.',
  },
  CSV_MALFORMED: { status: 400, hint: 'Close the quote, or double each quote that belongs to a value.' },
  COLUMN_NOT_FOUND: { status: 400, hint: 'Use a name from the header, exactly as the file writes it.' },
  ROWS_REJECTED: {
    status: 400,
    hint: 'Correct the rows, declare the columns as they are (`data.columns`, `data.read.missing`), or raise `data.rejects.maxRejectedShare`.',
  },
  NO_FILES: { status: 400, hint: 'Name a file, or a folder with files in it.' },
  FILE_NOT_REGULAR: {
    status: 400,
    hint: 'Copy what it points at into its place, or take it out of the folder: a version holds files alone, with names in UTF-8.',
  },
  FILE_CHANGED: { status: 409, hint: 'Wait until nothing writes to the files, and try again.' },
  MANIFEST_INVALID: {
    status: 400,
    hint: 'The list of files is damaged or not of this release; fetch the version again from where it came.',
  },
  TARGET_EXISTS: { status: 409, hint: 'Name another place with `--out`, or remove what is there.' },
  DATA_BUSY: { status: 409, hint: 'Wait until it has ended, and try again.' },
  REMOTE_INVALID: {
    status: 502,
    hint: 'Push the version again from a home that has it, after removing what the remote has of it.',
  },
  DATASET_IN_USE: {
    status: 409,
    hint: 'It is kept for what was made from it: `bellwether lineage ID` shows what that is.',
  },
  DVC_INVALID: { status: 400, hint: 'Make the pointer again with DVC (`dvc add`, `dvc commit`), version 2 or 3.' },
  DVC_OBJECT_MISSING: {
    status: 404,
    hint: 'Run `dvc fetch` or `dvc pull` first, or name the remote with `--remote`.',
  },
  DVC_OBJECT_CORRUPT: { status: 502, hint: 'Remove the object from the cache, and run `dvc fetch`.' },
  DVC_LINE_ENDS: {
    status: 409,
    hint: 'Export for DVC 3 (`--dvc-version 3`), which keeps bytes as they are, or give the files the same line ends.',
  },
  DVC_REMOTE_UNSUPPORTED: {
    status: 400,
    hint: 'Run `dvc pull`, and add the files themselves; folders and s3:// are read directly.',
  },
  DATASET_UNKNOWN: { status: 404, hint: 'Fetch one of the data sets named in the message.' },
  DOWNLOAD_CORRUPT: {
    status: 502,
    hint: 'Try again; if it stays so, the publisher has changed the file, and this release does not know the new one.',
  },
  // The network, from us to others
  NETWORK_UNAVAILABLE: {
    status: 503,
    hint: 'Connect this machine to the network, or bring the file from another one and name it with `--data`.',
  },
  URL_REFUSED: {
    status: 400,
    hint: 'Use an http or https address of a public host; the operator may allow private ones.',
  },
  DOWNLOAD_FAILED: { status: 502, hint: 'Check the address, and try again later.' },
  SOURCE_DENIED: {
    status: 502,
    hint: 'Check the user and what it may read; passwords and keys come from the environment (PGPASSWORD, AWS_ACCESS_KEY_ID, …).',
  },
  SOURCE_INVALID: { status: 502, hint: 'Compare `data.source.api` with what the API documents.' },
  QUERY_FAILED: { status: 400, hint: 'Try the query in the tool of that database first.' },
  DOWNLOAD_TOO_LARGE: { status: 413, hint: 'Bring the file by other means and name its path.' },
  // Evaluation: target, splits, metrics
  TARGET_MISSING: {
    status: 400,
    hint: 'Rows without a target can teach nothing: remove them, or name the column that holds it.',
  },
  TARGET_ONE_CLASS: {
    status: 400,
    hint: 'A classifier needs at least two classes with rows. Check `data.target` and any filter on the rows.',
  },
  TARGET_CONSTANT: {
    status: 400,
    hint: 'There is nothing to predict when every row has the same value. Check `data.target`.',
  },
  TARGET_NOT_COUNTS: {
    status: 400,
    hint: 'Poisson loss is for counts and rates: 0 or more, not all 0. Take another `loss`, or keep such rows out by the schema.',
  },
  TARGET_NOT_NUMERIC: {
    status: 400,
    hint: 'Regression needs a column of finite numbers: declare its type, set `data.read.decimal`, or set `task: classification`.',
  },
  TARGET_NOT_CLASSES: {
    status: 400,
    hint: 'Set `task: regression` for a quantity, or make classes of it with an expression as `data.target`.',
  },
  FOLDS_TOO_MANY: { status: 400, hint: 'Use fewer folds (`search.folds`), or merge or leave out the rare class.' },
  SPLIT_IMPOSSIBLE: { status: 400, hint: 'Use more rows, another `split.test`, or `split.stratify: false`.' },
  METRIC_UNKNOWN: { status: 400, hint: 'Name one of the metrics listed for the task in docs/evaluation.md.' },
  OUT_OF_FOLD_MISSING: {
    status: 400,
    hint: 'Calibrating and blending need rows that every model predicted without having learnt from them: use folds that validate them.',
  },
  // Features
  EXPRESSION_INVALID: {
    status: 400,
    hint: 'Correct the expression at the place named; docs/features.md lists operators and functions.',
  },
  FEATURES_INVALID: {
    status: 400,
    hint: 'Correct the `features:` section of the project file as the message says; see docs/features.md.',
  },
  NO_FEATURES: {
    status: 400,
    hint: 'Keep at least one column that differs between the rows: see `features.drop` and the warnings of the run.',
  },
  FEATURES_INPUT_INVALID: {
    status: 400,
    hint: 'Give the columns that the model was trained on, each of the same kind.',
  },
  FEATURES_STATE_INVALID: {
    status: 422,
    hint: 'The model file is damaged or was made by a newer version; use an intact copy, or update Bellwether.',
  },
  TEXT_NO_TERMS: {
    status: 422,
    hint: 'Check that the column holds words, and that `stopWords`, `minDf` and `maxDf` leave some of them.',
  },
  MATRIX_INVALID: {
    status: 400,
    hint: 'Give row starts, column numbers and values that fit together; columns ascend within a row.',
  },
  MATRIX_TOO_LARGE: {
    status: 422,
    hint: 'Keep the matrix sparse, or have fewer columns (`maxFeatures`, `nFeatures`, `minDf`).',
  },
  // The home: database, blobs, packages
  HOME_NOT_FOUND: { status: 404, hint: 'Name the folder with `--home`, or make one with `bellwether run`.' },
  HOME_NOT_A_FOLDER: { status: 400, hint: 'Name a folder with `--home`; a file stands in its place.' },
  HOME_DENIED: { status: 403, hint: 'Run as the user that owns the folder, or name another one with `--home`.' },
  HOME_READ_ONLY: { status: 503, hint: 'Make the folder writable for this user, or name another one with `--home`.' },
  HOME_LOCKED: {
    status: 503,
    hint: 'Another process has been writing for longer than the time limit. Wait for it, or stop it, and try again.',
  },
  HOME_CORRUPT: { status: 500, hint: 'Restore the folder from a backup (docs/store.md); keep the damaged one aside.' },
  HOME_TOO_NEW: {
    status: 409,
    hint: 'Update Bellwether to the version that wrote it, or name another folder with `--home`.',
  },
  HOME_TOO_OLD: {
    status: 409,
    hint: 'Open it once with a command that writes, such as `bellwether run`, to update it.',
  },
  DATABASE_UNREACHABLE: {
    status: 503,
    hint: 'Check that the database server is up and that its address is right; nothing is saved by halves, and work goes on once it answers.',
  },
  BLOB_STORE_UNREACHABLE: {
    status: 503,
    hint: 'Check that the object store is up and that AWS_ENDPOINT_URL_S3 and AWS_REGION are right; nothing is saved by halves, and work goes on once it answers.',
  },
  TRANSFER_NOT_EMPTY: { status: 409, hint: 'Name a new home with `--to`; nothing in this one was changed.' },
  TRANSFER_OTHER_SECRET: {
    status: 409,
    hint: 'Name a new home with `--to`, or remove the folder `predictions` of this one where nothing in it is needed; nothing was changed.',
  },
  TRANSFER_DIFFERS: {
    status: 500,
    hint: 'Nothing was kept in the target, and the source is as it was. Stop what writes to the source, and try again.',
  },
  STORAGE_FULL: {
    status: 507,
    hint: 'Free space (or raise the quota) where the home is, and try again; nothing was saved by halves.',
  },
  STORAGE_FAILED: {
    status: 500,
    hint: 'Check the disk or network share that the home is on; the system log has more.',
  },
  BLOB_NOT_FOUND: {
    status: 404,
    hint: 'Restore it from a backup (docs/store.md), or make it again by running the project.',
  },
  ENCRYPTION_KEY_INVALID: {
    status: 400,
    hint: 'Make a key with `openssl rand -base64 32`, and keep it where the data is not.',
  },
  ENCRYPTION_KEY_MISSING: {
    status: 503,
    hint: 'Give the key that the message names beside the current one in BELLWETHER_ENCRYPTION_KEYS; without it the data cannot be read.',
  },
  ENCRYPTION_KEY_RETIRED: {
    status: 503,
    hint: 'Restart this process with the keys that the home is encrypted with now, the current one first.',
  },
  BLOB_CORRUPT: {
    status: 500,
    hint: 'Restore it from a backup (docs/store.md), or make it again by running the project.',
  },
  PACKAGE_CORRUPT: {
    status: 500,
    hint: 'Do not use this version: restore its files from a backup, or roll back to another version.',
  },
  ONNX_EXPORT_UNSUPPORTED: {
    status: 422,
    hint: 'Serve the version with Bellwether, or export another one; docs/onnx.md lists what can be exported.',
  },
  ONNX_INVALID: { status: 400, hint: 'Export the model again, and check the file with `onnx.checker`.' },
  ONNX_NOT_TABULAR: {
    status: 422,
    hint: 'Give a model whose inputs are columns, and name them with `--signature`, `--features` and `--classes`; see docs/onnx.md.',
  },
  ONNX_RUN_FAILED: {
    status: 422,
    hint: 'Check that the values are of the types and shapes that the ONNX model takes.',
  },
  MODEL_NOT_SERVABLE: {
    status: 422,
    hint: 'Log it with `mlflow.onnx.log_model` and a signature; models of other flavours are fetched with MLflow and run there (docs/mlflow.md).',
  },
  ONNX_RUNTIME_MISSING: { status: 503, hint: 'Install the package `onnxruntime-node` for this platform.' },
  MODEL_IS_CLUSTERING: {
    status: 422,
    hint: 'A clustering can be served and asked for clusters; what needs a target takes a model of another task.',
  },
  DISTILL_IMPOSSIBLE: {
    status: 422,
    hint: 'Distil a version that was trained here, by a run whose data version is still kept; leaves in fewer bits are for models of trees.',
  },
  PACKAGE_UNTRUSTED: {
    status: 409,
    hint: 'Take the package from somebody whose key is trusted, or add the key to --trusted-keys once you are sure whose it is.',
  },
  PACKAGE_ARCHIVE_INVALID: {
    status: 400,
    hint: 'Take the file again from where it was exported (`bellwether models export --out`).',
  },
  SIGNING_KEY_INVALID: {
    status: 400,
    hint: 'Make a key with `openssl genpkey -algorithm ed25519`; its public half is what others trust.',
  },
  PACKAGE_TOO_NEW: { status: 409, hint: 'Update Bellwether to the version that wrote the package.' },
  // Tracking and registry
  INVALID_NAME: {
    status: 400,
    hint: 'Use letters, digits, dots, dashes and underscores; the message says which rule was broken.',
  },
  ID_AMBIGUOUS: { status: 400, hint: 'Give more characters of the id.' },
  EXPERIMENT_NOT_FOUND: { status: 404, hint: 'List the experiments with `bellwether runs list`.' },
  RUN_NOT_FOUND: { status: 404, hint: 'List the runs with `bellwether runs list`.' },
  RUN_FINISHED: { status: 409, hint: 'Start a new run; a finished run is never written again.' },
  RUN_NOT_RESUMABLE: {
    status: 409,
    hint: 'Give the same data, options and program as that run had, or start a new run without --resume.',
  },
  RUN_NOT_REPRODUCIBLE: {
    status: 422,
    hint: 'Name a run that trained a model version here; `bellwether models show NAME/VERSION` names the run of a version.',
  },
  REPRODUCTION_NOT_FOUND: { status: 404, hint: 'Ask for it: POST to the same address.' },
  PARAM_CHANGED: { status: 409, hint: 'A param is written once; start a new run for another value.' },
  ARTIFACT_NOT_FOUND: { status: 404, hint: 'List the artifacts of the run with `bellwether runs show RUN`.' },
  LINEAGE_NOT_FOUND: {
    status: 404,
    hint: 'Give the id of a dataset version, a run or a prediction, or name a model version as name/version or name@alias.',
  },
  DATASET_NOT_FOUND: { status: 404, hint: 'List the dataset versions with `bellwether data list`.' },
  DATASET_ERASED: {
    status: 410,
    hint: 'Use the version that the message names, if it names one; a source that still has an erased person must lose those rows.',
  },
  TRAINING_DATA_ERASED: {
    status: 409,
    hint: 'Run again once the source has lost the rows of the person, too: the model then learns from what is left.',
  },
  VERSION_FILE_NOT_FOUND: {
    status: 404,
    hint: 'List the files of the version: GET /api/v1/datasets/ID/files, or `bellwether data show ID --files`.',
  },
  NO_DATA_REMOTE: {
    status: 409,
    hint: 'Start the server with BELLWETHER_DATA_REMOTE, a folder or an s3:// address; a request can name none.',
  },
  TRANSFER_UNDER_WAY: {
    status: 409,
    hint: 'GET /api/v1/data-remote tells how far it is; ask again when it has ended.',
  },
  ID_COLUMN_UNKNOWN: { status: 400, hint: 'Name the column with `--column NAME`, and as data.id of the project file.' },
  ERASURE_UNAVAILABLE: { status: 503, hint: 'Run `bellwether erase` where the home is.' },
  PERSON_ERASED: {
    status: 409,
    hint: 'Take those rows out of the source, or let a person in again with `bellwether erase --id VALUE --readmit`.',
  },
  MODEL_NOT_FOUND: { status: 404, hint: 'List the models with `bellwether models list`.' },
  VERSION_NOT_FOUND: { status: 404, hint: 'List the versions with `bellwether models show NAME`.' },
  ALIAS_NOT_FOUND: {
    status: 404,
    hint: 'List the aliases with `bellwether models show NAME`, or point this one at a version.',
  },
  ALREADY_EXISTS: { status: 409, hint: 'Choose another name, or delete what has this one.' },
  NOT_ACTIVE: { status: 409, hint: 'Restore it first; what was deleted takes no changes.' },
  FILTER_INVALID: { status: 400, hint: 'Correct the filter at the place named; docs/mlflow.md has the grammar.' },
  PAGE_TOKEN_INVALID: {
    status: 400,
    hint: 'Send the token of the page before with the same query, or none for the first page.',
  },
  TAG_NOT_FOUND: { status: 404, hint: 'List the tags of what it should be on.' },
  LOGGED_MODEL_NOT_FOUND: { status: 404, hint: 'Search the logged models of the experiment.' },
  GATES_NOT_PASSED: {
    status: 409,
    hint: 'A person may have the last word: `bellwether models promote … --override --reason "…"`; the ledger keeps it.',
  },
  TRAFFIC_CHANGED: { status: 409, hint: 'Look at the plan as it is now, and say again what it shall be.' },
  NOTHING_TO_ROLL_BACK: { status: 409, hint: 'Point the alias at a version with `bellwether models promote`.' },
} as const satisfies Record<string, { status: number; hint: string }>

export type ErrorCode = keyof typeof ERRORS

/** One place in the input that is at fault. `path` is a JSON path or `file:line:column`; `message` never holds a person's data. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

/** The shape of every error on the wire and, with `--json`, on standard error. */
export interface ErrorDocument {
  readonly error: ErrorCode
  readonly message: string
  readonly hint: string
  readonly details: readonly ErrorDetail[]
}

/** An error with a stable code; HTTP status and hint follow from the code. */
export class BellwetherError extends Error {
  readonly code: ErrorCode
  readonly details: readonly ErrorDetail[]
  readonly hint: string

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BellwetherError'
    this.code = code
    this.details = options.details ?? []
    this.hint = options.hint ?? ERRORS[code].hint
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  toDocument(): ErrorDocument {
    return { error: this.code, message: this.message, hint: this.hint, details: this.details }
  }
}
