import { Command, Help, Option } from 'commander'
import { VERSION } from '../version.ts'

/** What a command's exit status means. */
export const EXIT_STATUSES: ReadonlyMap<number, string> = new Map([
  [0, 'done'],
  [1, 'a check or a gate said no'],
  [2, 'bad input or usage; the error says what to do'],
  [130, 'stopped by Ctrl-C'],
])

const home = () =>
  new Option(
    '--home <place>',
    'where state lives: a folder, or postgres://user@host/database?blobs=FOLDER (default: .bellwether/ beside the project file, else in this folder)',
  )
const json = () => new Option('--json', 'print one JSON document on standard output and nothing else there')

/** What each command's file exports; its number is the exit status. */
type Action = (options: Record<string, unknown>, args: string[]) => Promise<number>
function lazily(load: () => Promise<{ action: Action }>) {
  return async (...all: unknown[]) => {
    const command = all.at(-1) as Command
    const { action } = await load()
    process.exitCode = await action(command.optsWithGlobals(), command.args)
  }
}

const trustedKeys = () =>
  new Option(
    '--trusted-keys <keys>',
    'load only packages signed with these: public keys or PEM files, separated by commas',
  )

/**
 * The command line: one file per command, loaded only when it is called. `docs/command-line.md` is made from this.
 * Wrong usage throws a CommanderError and prints nothing: who called tells it. Help is printed.
 */
export function createProgram(): Command {
  const program = new Command('bellwether')
    .description("A predictive model's whole life: data, features, training, tracking, registry, serving.")
    .version(VERSION)
    .configureHelp({
      optionDescription: (option) => `${new Help().optionDescription(option)}${option.mandatory ? ' (required)' : ''}`,
    })
    .addHelpText('after', exitStatusHelp())
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    // `models export NAME --version 3` names a version; the program's own --version stands before any command.
    .enablePositionalOptions()

  program
    .command('init')
    .description('write a project file for a table')
    .requiredOption('--data <file>', 'CSV, Parquet or JSON lines')
    .requiredOption('--target <column>', 'what to predict: a column or an expression')
    .option('--name <name>', "the project's name (default: from the file's)")
    .option('--out <folder>', 'folder for the project file', '.')
    .option('--force', 'replace a project file that is there')
    .addOption(json())
    .action(lazily(() => import('./commands/init.ts')))

  program
    .command('run')
    .description('train, search, evaluate and register: from a table to a model version')
    .argument('<project>', 'a folder, a project file, or a name under examples/ or in the home')
    .option('--data <file>', "the table (default: the project file's data.source)")
    .addOption(home())
    .option('--threads <n>', 'worker threads (default: one per core)')
    .option('--trials <n>', 'trials per kind of model (default: from the project file)')
    .option('--models <names>', 'kinds of model, separated by commas (default: from the project file)')
    .option('--seed <n>', 'seed of split, folds and search (default: from the project file)')
    .option('--method <name>', 'how options are searched: randomised, halving or tpe (default: from the project file)')
    .option('--time-budget <seconds>', 'begin no trial later than this (default: from the project file)')
    .option('--trials-done <n>', 'end the search after so many trials, as a run did that its time budget ended')
    .option(
      '--resume <run>',
      'take up a run that was stopped or killed, or failed: its finished trials are not made again',
    )
    .addOption(json())
    .action(lazily(() => import('./commands/run.ts')))

  program
    .command('start')
    .description('train on the bundled sample, or on --data, unless that is done already; then serve')
    .argument('[project]', 'a folder, a project file, or a name under examples/', 'academic-risk')
    .option('--data <file>', 'the table')
    .option('--target <column>', 'with --data and no project: what to predict')
    .addOption(home())
    .option('--port <n>', 'port', '8000')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--auth', 'require a key or token (default: beyond loopback, and once there is a key)')
    .option('--no-auth', 'require none; refused beyond loopback')
    .option('--settings <file>', "the server's settings, YAML (docs/security.md)")
    .option('--tls-cert <file>', 'HTTPS: certificate with its chain, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--threads <n>', 'worker threads for training (default: one per core)')
    .action(lazily(() => import('./commands/start.ts')))

  program
    .command('serve')
    .description("answer predictions and MLflow's clients over HTTP, with the dashboard")
    .addOption(home())
    .option('--create-home', 'make the home where there is none, to begin with as a tracking server')
    .option('--port <n>', 'port', '8000')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--auth', 'require a key or token (default: beyond loopback, and once there is a key)')
    .option('--no-auth', 'require none; refused beyond loopback')
    .option('--settings <file>', "the server's settings, YAML (docs/security.md)")
    .option('--tls-cert <file>', 'HTTPS: certificate with its chain, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--allowed-host <names>', 'further Host header values to accept, separated by commas')
    .option('--default-model <name>', 'model of POST /predict (default: the only one)')
    .addOption(trustedKeys())
    .addOption(json())
    .action(lazily(() => import('./commands/serve.ts')))

  program
    .command('predict')
    .description('score a file with a model version')
    .argument('<model>', 'name, name@alias or name/version')
    .requiredOption('--data <file>', 'CSV, Parquet or JSON lines')
    .option(
      '--out <file>',
      'write .csv, .jsonl or .parquet here; again after a crash goes on (default: JSON lines on standard output)',
    )
    .option('--rejects <file>', 'CSV of the rows that could not be scored (default: beside --out, where there are any)')
    .option('--include <columns>', 'columns of the data to copy beside each answer, separated by commas')
    .option('--spreadsheet', 'CSV whose texts no spreadsheet takes for formulas')
    .option('--explain', 'add the contributions to each prediction (JSON lines)')
    .option('--no-log', 'do not record the predictions in the prediction log')
    .addOption(trustedKeys())
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/predict.ts')))

  program
    .command('what-if')
    .description(
      'how the answer to one record would change, and the smallest change that moves it; exit status 1 when none does',
    )
    .argument('<model>', 'name, name@alias or name/version')
    .requiredOption('--record <file>', 'JSON file with one record, or - for standard input')
    .option('--target <label>', 'where the answer should move (default: any other label)')
    .option('--min <n>', 'for a number: at least this')
    .option('--max <n>', 'for a number: at most this')
    .option(
      '--fields <names>',
      'change only these, separated by commas (default: all that the project calls actionable)',
    )
    .option('--max-fields <n>', 'how many fields the smallest change may touch', '3')
    .addOption(trustedKeys())
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/what-if.ts')))

  const data = program.command('data').description('data versions')
  data
    .command('fetch')
    .description('get a public dataset and check its hash (uci-697)')
    .argument('<name>', 'uci-697')
    .option('--out <folder>', 'folder to write to', '.')
    .addOption(json())
    .action(lazily(() => import('./commands/data-fetch.ts')))
  data
    .command('add')
    .description("keep a project's table, a table file, or any files and folders as a dataset version")
    .argument('<paths...>', 'a project (folder, project file, name), a table file, or files and folders')
    .option('--data <file>', "the project's table (default: the project file's data.source)")
    .option('--name <name>', 'what the version is called (default: as the first path)')
    .option('--as-files', 'keep every byte as it is, also of a table or a project')
    .option('--remote <place>', "with a .dvc or dvc.lock file: where its objects are, besides the repository's cache")
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-add.ts')))
  data
    .command('validate')
    .description('check a table against a project; exit status 1 when rows are rejected')
    .argument('<project>', 'a folder, a project file, or a name')
    .option('--data <file>', "the table (default: the project file's data.source)")
    .option('--rejects <file>', 'write the rejected rows with their reasons here')
    .addOption(json())
    .action(lazily(() => import('./commands/data-validate.ts')))
  data
    .command('list')
    .description('dataset versions, newest first')
    .option('--name <name>', 'only of this name')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-list.ts')))
  data
    .command('show')
    .description('schema and profile of a dataset version')
    .argument('<id>', 'its id or the start of it')
    .option('--rejects', 'print the rejected rows with their reasons, as CSV')
    .option('--files', 'list every file of a version of files')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-show.ts')))
  data
    .command('log')
    .description('what a name, or each, came to mean in the course of time, newest first')
    .argument('[name]', 'only this name')
    .option('--limit <n>', 'how many', '50')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-log.ts')))
  data
    .command('get')
    .description('write a dataset version out: a table as .parquet, .csv, .tsv or .jsonl, files as a folder')
    .argument('<id>', 'its id or the start of it')
    .requiredOption('--out <place>', 'file or folder, which must not be there yet')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-get.ts')))
  data
    .command('diff')
    .description('what lies between two versions: schema, rows and drift of tables; which files came, went and changed')
    .argument('<before>', 'id of a version or the start of it')
    .argument('<after>', 'id of another')
    .option(
      '--id <column>',
      "column that tells which row is which (default: the project's data.id; without one, rows are compared by content)",
    )
    .addOption(new Option('--by-content', 'compare rows by content, whatever the project names').conflicts('id'))
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-diff.ts')))
  data
    .command('push')
    .description('put dataset versions into a remote that several homes share; rejected rows stay here')
    .argument('[ids...]', 'ids or the starts of them (default: all)')
    .option('--remote <place>', 'folder or s3://bucket/prefix (default: BELLWETHER_DATA_REMOTE)')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-push.ts')))
  data
    .command('pull')
    .description('bring dataset versions from a remote, each checked by its id')
    .argument('[ids...]', 'ids or the starts of them (default: all that are not here)')
    .option('--remote <place>', 'folder or s3://bucket/prefix (default: BELLWETHER_DATA_REMOTE)')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-pull.ts')))
  data
    .command('remove')
    .description('forget a dataset version that nothing was made from; `data gc` frees its room')
    .argument('<id>', 'its id or the start of it')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-remove.ts')))
  data
    .command('gc')
    .description('remove contents that nothing in the home refers to; others may go on writing meanwhile')
    .option('--dry-run', 'only say what would be removed')
    .option('--older-than <hours>', 'leave what was written later than this ago', '24')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-gc.ts')))
  data
    .command('export-dvc')
    .description('put a dataset version into a remote of DVC and write the pointer that `dvc pull` takes')
    .argument('<id>', 'its id or the start of it')
    .requiredOption(
      '--out <place>',
      'what the pointer stands for; OUT.dvc is written. A table is written as its ending says',
    )
    .requiredOption('--remote <place>', 'folder or s3:// address of the remote')
    .addOption(
      new Option('--dvc-version <version>', 'the DVC that reads it: 3, or 2 for its pointer and layout')
        .choices(['2', '3'])
        .default('3'),
    )
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/data-export-dvc.ts')))
  program
    .command('lineage')
    .description(
      'what something was made from and what was made from it: sources, dataset versions, runs, model versions',
    )
    .argument('<id>', 'dataset version, run, prediction, model, model/version or model@alias')
    .option('--mermaid', 'print a Mermaid flowchart')
    .option('--svg <file>', 'write a picture')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/lineage.ts')))

  const runs = program.command('runs').description('what was tried')
  runs
    .command('list')
    .description('runs, newest first')
    .option('--experiment <name>', 'only of this project')
    .option('--parent <run>', "the trials of this run (default: runs that are nobody's trial)")
    .option('--limit <n>', 'how many', '20')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/runs-list.ts')))
  runs
    .command('show')
    .description('params, metrics, datasets and artifacts of a run')
    .argument('<run>', 'its id or the start of it')
    .option('--artifact <path>', 'write this artifact to standard output')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/runs-show.ts')))
  runs
    .command('compare')
    .description('params and metrics of runs side by side')
    .argument('<runs...>', 'their ids or the starts of them')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/runs-compare.ts')))

  runs
    .command('reproduce')
    .description(
      'make a run again from its lineage and compare the package byte for byte; exit status 1 when it differs',
    )
    .argument('<run>', 'its id or the start of it')
    .option('--project <project>', 'take its options as they are now, in place of those that the run had')
    .option('--threads <n>', 'worker threads (default: one per core)')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/runs-reproduce.ts')))

  const models = program.command('models').description('registered models, versions and aliases')
  models
    .command('list')
    .description('models with their aliases')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-list.ts')))
  models
    .command('show')
    .description("a model's versions, or one of them")
    .argument('<model>', 'name, name@alias or name/version')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-show.ts')))
  models
    .command('promote')
    .description('point an alias at a version')
    .argument('<model>', 'name/version')
    .option('--alias <alias>', 'the alias', 'champion')
    .option('--reason <text>', 'why; kept in the ledger')
    .option('--override', 'make it champion although a gate said no; needs --reason')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-promote.ts')))
  models
    .command('rollback')
    .description('point an alias back at what it pointed at before')
    .argument('<model>', 'name')
    .option('--alias <alias>', 'the alias', 'champion')
    .option('--to-version <n>', 'a version that it pointed at before')
    .option('--to-time <time>', 'what it pointed at then, such as 2026-11-21T14:30Z')
    .option('--reason <text>', 'why; kept in the ledger')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-rollback.ts')))
  models
    .command('export')
    .description('write a version for another installation, or as one ONNX file, checked in ONNX Runtime')
    .argument('<model>', 'name, name@alias or name/version')
    .option('--version <n>', 'version (default: the champion)')
    .option('--out <file>', 'package to write, such as model.bwpkg')
    .option('--onnx <file>', 'ONNX file to write')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-export.ts')))
  models
    .command('import')
    .description('register a version of another installation, or an ONNX model from elsewhere')
    .argument('<file>', 'the package or the ONNX file')
    .option('--name <name>', 'name of the model (default: as in the package; needed for ONNX)')
    .addOption(trustedKeys())
    .option('--features <names>', 'its columns in their order, separated by commas')
    .option('--classes <labels>', 'its classes in the order of the probabilities, separated by commas')
    .option('--target <name>', 'name of what is predicted')
    .option('--logits', 'its scores are no probabilities yet: a softmax or sigmoid is still to come')
    .option('--signature <file>', 'JSON with columns, ranges, classes (docs/onnx.md)')
    .option('--alias <alias>', 'alias that points at the new version')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-import.ts')))
  models
    .command('distill')
    .description('fit a small student on a version’s answers and register it')
    .argument('<model>', 'the teacher: name, name@alias or name/version')
    .option('--student <estimator>', 'kind of model (default: logistic-regression or ridge)')
    .option('--trees <n>', 'trees of a gradient-boosting or random-forest student')
    .option('--max-leaves <n>', 'leaves of each tree of a gradient-boosting student')
    .option('--leaves <format>', 'keep leaves in float32, float16 or int8')
    .option('--as <name>', 'name of the student’s model (default: the teacher’s with -distilled)')
    .option('--alias <alias>', 'alias that points at the new version', 'champion')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-distill.ts')))
  models
    .command('traffic')
    .description('who answers a model’s requests: canaries and shadows; what is left out stays as it is')
    .argument('<model>', 'name')
    .option('--weights <shares>', 'percent of the requests by alias, such as champion=90,challenger=10')
    .option('--sticky <what>', 'what always gets the same version: none, header, id or key')
    .option('--header <name>', 'with --sticky header, its name')
    .option('--shadow <aliases>', 'aliases that are asked in the background, separated by commas, or none')
    .option('--stop <rules>', 'when a canary is stopped by itself, such as errorRate=0.02,minRequests=200, or never')
    .option('--remove', 'forget the plan: the champion answers, or whom its project file names')
    .option('--reason <text>', 'why; kept in the ledger')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-traffic.ts')))
  models
    .command('history')
    .description('every change of its versions, aliases and traffic')
    .argument('<model>', 'name')
    .option('--at <time>', 'what was live then, such as 2026-11-21T14:30Z')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/models-history.ts')))

  const predictions = program.command('predictions').description('what was answered: the prediction log')
  predictions
    .command('list')
    .description('predictions that were given, oldest first')
    .option('--model <name>', 'only this model')
    .option('--version <n>', 'only this version')
    .option('--since <time>', 'from this time on, such as 2026-11-21T14:30Z')
    .option('--until <time>', 'before this time')
    .option('--limit <n>', 'at most so many', '50')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/predictions-list.ts')))
  predictions
    .command('find')
    .description("a person's predictions")
    .requiredOption('--id <value>', "the person's value of the project's id column; - reads it from standard input")
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/predictions-find.ts')))
  predictions
    .command('erase')
    .description("remove a person's predictions for good")
    .requiredOption('--id <value>', "the person's value of the project's id column; - reads it from standard input")
    .option('--dry-run', 'only count them')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/predictions-erase.ts')))

  program
    .command('erase')
    .description('take a person out of all that is kept: dataset versions, rejected rows, predictions')
    .option('--id <value>', "the person's value of the project's id column; - reads it from standard input")
    .option('--column <names>', 'further columns that may hold it, separated by commas')
    .option('--dry-run', 'only say what would be erased')
    .option('--readmit', 'let a person who was erased be read again')
    .option('--expired', 'in place of --id: destroy rows that are older than data.retentionDays')
    .addOption(new Option('--actor <name>', 'who asked, for the ledger').hideHelp())
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/erase.ts')))

  const outcomes = program.command('outcomes').description('what became of those who were predicted')
  outcomes
    .command('add')
    .description('keep outcomes from a file: predictionId, or person and time; label or value; observedTime')
    .argument('<model>', 'name')
    .requiredOption('--data <file>', 'CSV, Parquet or JSON lines')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/outcomes-add.ts')))

  program
    .command('logs')
    .description('search the logs of servers, workers and commands')
    .option('--since <time>', 'from this time on, such as 2026-11-21T14:30Z')
    .option('--until <time>', 'before this time')
    .option('--level <level>', 'at least debug, info, warn, error or fatal')
    .option('--component <name>', 'server, worker or cli')
    .option('--request <id>', 'of one request, by the x-request-id of its answer')
    .option('--run <id>', 'of one run')
    .option('--trace <id>', 'of one OpenTelemetry trace')
    .option('--code <code>', 'with this error')
    .option('--limit <n>', 'the newest so many', '200')
    .option('--follow', 'go on with lines as they come, until Ctrl-C (with --json one document a line)')
    .option('--settings <file>', "the server's settings, where they name other folders")
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/logs.ts')))

  const keys = program.command('keys').description('API keys')
  keys
    .command('create')
    .description('make a key and show it once; the first one turns authentication on')
    .argument('<name>', 'what people call it, such as the program that uses it')
    .requiredOption('--role <role>', 'viewer, predictor, adviser, trainer or admin')
    .option('--models <names>', 'only these models, by name or pattern, separated by commas')
    .option('--expires <days>', 'days until it ends (default: it lasts until it is revoked)')
    .option('--rate <n>', 'most requests a minute')
    .option('--probabilities <digits>', 'round probabilities to so many decimals, or `withheld`: labels only')
    .option('--sensitive', 'it sees columns that are declared sensitive')
    .option('--environment', 'keep nothing; print an entry for BELLWETHER_API_KEYS')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/keys-create.ts')))
  keys
    .command('list')
    .description('keys with their scope, state and last use')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/keys-list.ts')))
  keys
    .command('revoke')
    .description('end a key at once')
    .argument('<key>', 'its id, the part after bw_')
    .option('--reason <text>', 'why; kept in the audit log')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/keys-revoke.ts')))
  keys
    .command('rotate')
    .description('make a key in place of another, with the same scope')
    .argument('<key>', 'its id, the part after bw_')
    .option('--grace <minutes>', 'how long the old one still works', '0')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/keys-rotate.ts')))
  keys
    .command('rotate-encryption')
    .description('bring what is kept under the first key of BELLWETHER_ENCRYPTION_KEYS; again after a kill')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/keys-rotate-encryption.ts')))

  program
    .command('ledger')
    .description('the registry’s ledger')
    .command('verify')
    .description('walk the hash chain; exit status 1 when an entry was edited or is missing')
    .addOption(home())
    .addOption(json())
    .action(lazily(() => import('./commands/ledger-verify.ts')))

  program
    .command('migrate')
    .description('copy a home into another, such as from SQLite to PostgreSQL; counts and hashes are compared')
    .requiredOption('--from <place>', 'the home to copy: a folder, or postgres://…; it is only read')
    .requiredOption('--to <place>', 'a new home; where it names no folder, blobs stay where they are')
    .addOption(json())
    .action(lazily(() => import('./commands/migrate.ts')))

  program
    .command('schema')
    .description('print the JSON Schema of the project file')
    .addOption(json())
    .action(lazily(() => import('./commands/schema.ts')))

  return program
}

function exitStatusHelp(): string {
  const lines = [...EXIT_STATUSES].map(([status, meaning]) => `  ${String(status).padEnd(5)}${meaning}`)
  return `\nExit status:\n${lines.join('\n')}`
}
