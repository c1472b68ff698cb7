import type { Migration } from './migration.ts'

/** Values of one key in their order, where searches of model versions and logged models had to look at each row: as 0004 has them for runs. */
export const searchByValue: Migration = {
  name: '0011-search-by-value',
  statements: [
    // A text may be longer than an index takes.
    'CREATE INDEX model_version_tags_by_value ON model_version_tags (key, substr(value, 1, 100), model, version)',
    'CREATE INDEX logged_model_metrics_by_value ON logged_model_metrics (key, value, model_id)',
    'CREATE INDEX logged_model_params_by_value ON logged_model_params (key, substr(value, 1, 100), model_id)',
    'CREATE INDEX logged_model_tags_by_value ON logged_model_tags (key, substr(value, 1, 100), model_id)',
  ],
}
