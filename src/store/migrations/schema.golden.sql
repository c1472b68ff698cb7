CREATE TABLE artifacts (
      run_id TEXT NOT NULL REFERENCES runs (id),
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      PRIMARY KEY (run_id, path)
    );

CREATE TABLE counters (
      name TEXT NOT NULL PRIMARY KEY,
      value BIGINT NOT NULL
    );

CREATE TABLE dataset_sources (
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      name TEXT NOT NULL,
      source TEXT NOT NULL,
      n_rejected BIGINT NOT NULL,
      rejects_blob TEXT,
      created_time BIGINT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE,
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
    );

CREATE TABLE experiments (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      created_time BIGINT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE
    );

CREATE TABLE latest_metrics (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (run_id, key)
    );

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
    );

CREATE INDEX ledger_by_model ON ledger (model, sequence);

CREATE TABLE ledger_head (
      id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
      entries BIGINT NOT NULL,
      hash TEXT NOT NULL
    );

CREATE TABLE metrics (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      ordinal BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (run_id, key, step, timestamp, ordinal)
    );

CREATE TABLE model_aliases (
      model TEXT NOT NULL,
      alias TEXT NOT NULL,
      version BIGINT NOT NULL,
      PRIMARY KEY (model, alias),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
    );

CREATE INDEX model_aliases_by_version ON model_aliases (model, version);

CREATE TABLE model_version_files (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      PRIMARY KEY (model, version, path),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
    );

CREATE TABLE model_version_metrics (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      key TEXT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (model, version, key),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
    );

CREATE TABLE model_versions (
      model TEXT NOT NULL REFERENCES registered_models (name),
      version BIGINT NOT NULL CHECK (version > 0),
      run_id TEXT NOT NULL REFERENCES runs (id),
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      estimator TEXT NOT NULL,
      created_time BIGINT NOT NULL,
      PRIMARY KEY (model, version)
    );

CREATE INDEX model_versions_by_dataset ON model_versions (dataset_id);

CREATE INDEX model_versions_by_run ON model_versions (run_id);

CREATE TABLE params (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    );

CREATE TABLE registered_models (
      name TEXT NOT NULL PRIMARY KEY,
      created_time BIGINT NOT NULL,
      latest_version BIGINT NOT NULL
    );

CREATE TABLE run_datasets (
      run_id TEXT NOT NULL REFERENCES runs (id),
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      context TEXT NOT NULL CHECK (context IN ('training', 'validation', 'test', 'monitoring')),
      PRIMARY KEY (run_id, dataset_id, context)
    );

CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id);

CREATE TABLE runs (
      id TEXT NOT NULL PRIMARY KEY,
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      name TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('RUNNING', 'FINISHED', 'FAILED', 'KILLED')),
      start_time BIGINT NOT NULL,
      end_time BIGINT,
      parent_run_id TEXT REFERENCES runs (id),
      sequence BIGINT NOT NULL UNIQUE,
      CHECK ((status = 'RUNNING') = (end_time IS NULL))
    );

CREATE INDEX runs_by_experiment ON runs (experiment_id, start_time, sequence);

CREATE INDEX runs_by_parent ON runs (parent_run_id, start_time, sequence);

CREATE INDEX runs_by_status ON runs (status);

CREATE INDEX runs_by_time ON runs (start_time, sequence);

CREATE TABLE schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE TABLE tags (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    );
