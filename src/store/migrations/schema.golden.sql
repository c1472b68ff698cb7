CREATE TABLE api_keys (
      id TEXT NOT NULL PRIMARY KEY,
      hash TEXT NOT NULL,
      name TEXT NOT NULL,
      role TEXT NOT NULL,
      models_json TEXT,
      sensitive BIGINT NOT NULL,
      rate_per_minute BIGINT,
      probabilities TEXT,
      created_time BIGINT NOT NULL,
      created_by TEXT NOT NULL,
      expires_time BIGINT,
      revoked_time BIGINT,
      last_used_time BIGINT,
      sequence BIGINT NOT NULL UNIQUE
    );

CREATE TABLE artifact_upload_parts (
      upload_id TEXT NOT NULL REFERENCES artifact_uploads (id),
      part_number BIGINT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      PRIMARY KEY (upload_id, part_number)
    );

CREATE TABLE artifact_uploads (
      id TEXT NOT NULL PRIMARY KEY,
      path TEXT NOT NULL,
      created_time BIGINT NOT NULL
    );

CREATE TABLE "artifacts" (
      run_id TEXT NOT NULL REFERENCES "runs" (id),
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      PRIMARY KEY (run_id, path)
    );

CREATE TABLE audit_log (
      sequence BIGINT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      address TEXT,
      detail TEXT NOT NULL
    );

CREATE TABLE blobs_to_destroy (
      hash TEXT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL
    );

CREATE TABLE chunk_packs (
      id BIGINT NOT NULL PRIMARY KEY,
      blob TEXT NOT NULL UNIQUE,
      size_bytes BIGINT NOT NULL,
      created_time BIGINT NOT NULL
    );

CREATE TABLE chunk_writers (
      id TEXT NOT NULL PRIMARY KEY,
      process TEXT NOT NULL,
      started_time BIGINT NOT NULL
    );

CREATE TABLE chunks (
      hash TEXT NOT NULL PRIMARY KEY,
      pack BIGINT NOT NULL REFERENCES chunk_packs (id),
      position BIGINT NOT NULL,
      size_bytes BIGINT NOT NULL
    );

CREATE INDEX chunks_by_pack ON chunks (pack);

CREATE TABLE counters (
      name TEXT NOT NULL PRIMARY KEY,
      value BIGINT NOT NULL
    );

CREATE TABLE dataset_input_tags (
      run_id TEXT NOT NULL,
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, name, digest, key),
      FOREIGN KEY (run_id, name, digest) REFERENCES dataset_inputs (run_id, name, digest)
    );

CREATE TABLE dataset_inputs (
      run_id TEXT NOT NULL REFERENCES runs (id),
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      position BIGINT NOT NULL,
      source_type TEXT NOT NULL,
      source TEXT NOT NULL,
      schema_text TEXT,
      profile_text TEXT,
      PRIMARY KEY (run_id, name, digest)
    );

CREATE TABLE dataset_log (
      sequence BIGINT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      source TEXT NOT NULL,
      n_rejected BIGINT NOT NULL,
      time BIGINT NOT NULL
    );

CREATE INDEX dataset_log_by_name ON dataset_log (name, sequence);

CREATE TABLE dataset_sources (
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      name TEXT NOT NULL,
      source TEXT NOT NULL,
      n_rejected BIGINT NOT NULL,
      rejects_blob TEXT,
      created_time BIGINT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE, id_column TEXT, retention_days BIGINT,
      PRIMARY KEY (dataset_id, name, source)
    );

CREATE INDEX dataset_sources_by_name ON dataset_sources (name, sequence);

CREATE TABLE datasets (
      id TEXT NOT NULL PRIMARY KEY,
      n_rows BIGINT NOT NULL,
      schema_json TEXT NOT NULL,
      profile_json TEXT NOT NULL,
      blob TEXT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE
    , n_files BIGINT, size_bytes BIGINT, erased_time BIGINT, successor TEXT);

CREATE TABLE erased_persons (
      person TEXT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL
    );

CREATE TABLE experiment_tags (
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (experiment_id, key)
    );

CREATE TABLE experiments (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      created_time BIGINT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE
    , lifecycle_stage TEXT NOT NULL DEFAULT 'active', updated_time BIGINT, artifact_location TEXT);

CREATE TABLE installation_settings (
      name TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    );

CREATE TABLE "latest_metrics" (
      run_id TEXT NOT NULL REFERENCES "runs" (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (run_id, key)
    );

CREATE INDEX latest_metrics_by_value ON latest_metrics (key, value, run_id);

CREATE TABLE ledger (
      sequence BIGINT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      model TEXT NOT NULL,
      alias TEXT,
      from_version BIGINT,
      to_version BIGINT,
      reason TEXT NOT NULL,
      previous_hash TEXT NOT NULL,
      hash TEXT NOT NULL
    , gates_json TEXT, traffic_json TEXT);

CREATE INDEX ledger_by_model ON ledger (model, sequence);

CREATE TABLE ledger_head (
      id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
      entries BIGINT NOT NULL,
      hash TEXT NOT NULL
    );

CREATE TABLE logged_model_metrics (
      model_id TEXT NOT NULL REFERENCES logged_models (id),
      key TEXT NOT NULL,
      dataset_name TEXT NOT NULL,
      dataset_digest TEXT NOT NULL,
      run_id TEXT NOT NULL REFERENCES runs (id),
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (model_id, key, dataset_name, dataset_digest)
    );

CREATE INDEX logged_model_metrics_by_value ON logged_model_metrics (key, value, model_id);

CREATE TABLE logged_model_params (
      model_id TEXT NOT NULL REFERENCES logged_models (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model_id, key)
    );

CREATE INDEX logged_model_params_by_value ON logged_model_params (key, substr(value, 1, 100), model_id);

CREATE TABLE logged_model_tags (
      model_id TEXT NOT NULL REFERENCES logged_models (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model_id, key)
    );

CREATE INDEX logged_model_tags_by_value ON logged_model_tags (key, substr(value, 1, 100), model_id);

CREATE TABLE logged_models (
      id TEXT NOT NULL PRIMARY KEY,
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      name TEXT NOT NULL,
      artifact_uri TEXT NOT NULL,
      created_time BIGINT NOT NULL,
      updated_time BIGINT NOT NULL,
      status TEXT NOT NULL,
      status_message TEXT,
      model_type TEXT,
      source_run_id TEXT,
      lifecycle_stage TEXT NOT NULL DEFAULT 'active'
    );

CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, created_time DESC, id);

CREATE TABLE "metrics" (
      run_id TEXT NOT NULL REFERENCES "runs" (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      ordinal BIGINT NOT NULL,
      value DOUBLE PRECISION,
      model_id TEXT,
      dataset_name TEXT,
      dataset_digest TEXT,
      PRIMARY KEY (run_id, key, step, timestamp, ordinal)
    );

CREATE TABLE "model_aliases" (
      model TEXT NOT NULL,
      alias TEXT NOT NULL,
      version BIGINT NOT NULL,
      PRIMARY KEY (model, alias),
      FOREIGN KEY (model, version) REFERENCES "model_versions" (model, version) ON UPDATE CASCADE
    );

CREATE INDEX model_aliases_by_version ON model_aliases (model, version);

CREATE TABLE model_traffic (
      model TEXT NOT NULL PRIMARY KEY REFERENCES registered_models (name) ON UPDATE CASCADE,
      plan_json TEXT NOT NULL
    );

CREATE TABLE "model_version_files" (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      PRIMARY KEY (model, version, path),
      FOREIGN KEY (model, version) REFERENCES "model_versions" (model, version) ON UPDATE CASCADE
    );

CREATE TABLE "model_version_metrics" (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      key TEXT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (model, version, key),
      FOREIGN KEY (model, version) REFERENCES "model_versions" (model, version) ON UPDATE CASCADE
    );

CREATE TABLE model_version_tags (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, version, key),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version) ON UPDATE CASCADE
    );

CREATE INDEX model_version_tags_by_value ON model_version_tags (key, substr(value, 1, 100), model, version);

CREATE TABLE "model_versions" (
      model TEXT NOT NULL REFERENCES registered_models (name) ON UPDATE CASCADE,
      version BIGINT NOT NULL CHECK (version > 0),
      run_id TEXT NOT NULL,
      dataset_id TEXT REFERENCES datasets (id),
      estimator TEXT NOT NULL,
      created_time BIGINT NOT NULL,
      updated_time BIGINT NOT NULL,
      stage TEXT NOT NULL DEFAULT 'None',
      status TEXT NOT NULL DEFAULT 'READY',
      status_message TEXT,
      user_id TEXT,
      description TEXT,
      source TEXT,
      storage_location TEXT,
      run_link TEXT,
      model_id TEXT,
      PRIMARY KEY (model, version)
    );

CREATE INDEX model_versions_by_dataset ON model_versions (dataset_id);

CREATE INDEX model_versions_by_run ON model_versions (run_id);

CREATE TABLE outcomes (
      sequence BIGINT NOT NULL PRIMARY KEY,
      prediction_id TEXT NOT NULL,
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      prediction_time BIGINT NOT NULL,
      label TEXT,
      value DOUBLE PRECISION,
      observed_time BIGINT NOT NULL,
      received_time BIGINT NOT NULL,
      source TEXT NOT NULL,
      person TEXT
    );

CREATE INDEX outcomes_by_model ON outcomes (model, prediction_time, prediction_id);

CREATE INDEX outcomes_by_person ON outcomes (person);

CREATE INDEX outcomes_by_prediction ON outcomes (prediction_id, observed_time, sequence);

CREATE TABLE "params" (
      run_id TEXT NOT NULL REFERENCES "runs" (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    );

CREATE INDEX params_by_value ON params (key, substr(value, 1, 100), run_id);

CREATE TABLE registered_model_tags (
      model TEXT NOT NULL REFERENCES registered_models (name) ON UPDATE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, key)
    );

CREATE TABLE registered_models (
      name TEXT NOT NULL PRIMARY KEY,
      created_time BIGINT NOT NULL,
      latest_version BIGINT NOT NULL
    , updated_time BIGINT, description TEXT);

CREATE TABLE "run_datasets" (
      run_id TEXT NOT NULL REFERENCES "runs" (id),
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      context TEXT NOT NULL CHECK (context IN ('training', 'validation', 'test', 'monitoring')),
      PRIMARY KEY (run_id, dataset_id, context)
    );

CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id);

CREATE TABLE run_models (
      run_id TEXT NOT NULL REFERENCES runs (id),
      direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
      model_id TEXT NOT NULL,
      step BIGINT NOT NULL,
      position BIGINT NOT NULL,
      PRIMARY KEY (run_id, direction, model_id, step)
    );

CREATE TABLE "runs" (
      id TEXT NOT NULL PRIMARY KEY,
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      name TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
      start_time BIGINT NOT NULL,
      end_time BIGINT,
      parent_run_id TEXT REFERENCES "runs" (id),
      sequence BIGINT NOT NULL UNIQUE,
      lifecycle_stage TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle_stage IN ('active', 'deleted')),
      user_id TEXT NOT NULL DEFAULT '',
      artifact_uri TEXT
    );

CREATE INDEX runs_as_searched ON runs (experiment_id, start_time DESC, id);

CREATE INDEX runs_by_experiment ON runs (experiment_id, start_time, sequence);

CREATE INDEX runs_by_parent ON runs (parent_run_id, start_time, sequence);

CREATE INDEX runs_by_status ON runs (status);

CREATE INDEX runs_by_time ON runs (start_time, sequence);

CREATE TABLE schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE TABLE stored_artifacts (
      root TEXT NOT NULL,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      PRIMARY KEY (root, path)
    );

CREATE TABLE "tags" (
      run_id TEXT NOT NULL REFERENCES "runs" (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    );

CREATE INDEX tags_by_value ON tags (key, substr(value, 1, 100), run_id);
