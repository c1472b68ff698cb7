import { TEACHER_TAG } from '../../pipeline/run-tags.ts'

/** One step: what went into what, with the names of both. */
export interface LineageRow {
  from_kind: 'source' | 'dataset' | 'run' | 'version'
  from_id: string
  from_name: string | null
  from_experiment: string | null
  to_kind: 'dataset' | 'run' | 'version'
  to_id: string
  to_name: string | null
  to_experiment: string | null
  label: string
}

const NAME = (side: 'from' | 'to') => `
  CASE e.${side}_kind
    WHEN 'dataset' THEN (SELECT s.name FROM dataset_sources s WHERE s.dataset_id = e.${side}_id ORDER BY s.sequence LIMIT 1)
    WHEN 'run' THEN (SELECT r.name FROM runs r WHERE r.id = e.${side}_id)
  END AS ${side}_name,
  CASE e.${side}_kind
    WHEN 'run' THEN (SELECT x.name FROM runs r JOIN experiments x ON x.id = r.experiment_id WHERE r.id = e.${side}_id)
  END AS ${side}_experiment`

/**
 * Everything upstream and downstream of a node, in one query: source -> dataset -> run -> model version, a model version -> the run that distilled it, and
 * a dataset -> the one that it was erased into. Trials
 * (runs with a parent) are left out, unless a version is of them.
 * Values: kind and id of the node, for the way down, then for the way up; how many rows.
 */
export const SELECT_LINEAGE = `
WITH RECURSIVE steps (from_kind, from_id, to_kind, to_id, label) AS (
  SELECT 'dataset', d.dataset_id, 'run', d.run_id, d.context
  FROM run_datasets d JOIN runs r ON r.id = d.run_id
  WHERE r.parent_run_id IS NULL OR EXISTS (SELECT 1 FROM model_versions v WHERE v.run_id = r.id)
  UNION ALL
  SELECT 'run', v.run_id, 'version', v.model || '/' || CAST(v.version AS TEXT), 'registered'
  FROM model_versions v JOIN runs r ON r.id = v.run_id
  UNION ALL
  SELECT 'version', t.value, 'run', t.run_id, 'taught'
  FROM tags t
  WHERE t.key = '${TEACHER_TAG}'
    AND t.value IN (SELECT v.model || '/' || CAST(v.version AS TEXT) FROM model_versions v)
  UNION ALL
  SELECT 'dataset', v.dataset_id, 'version', v.model || '/' || CAST(v.version AS TEXT), 'training'
  FROM model_versions v
  WHERE v.dataset_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM run_datasets d WHERE d.run_id = v.run_id AND d.dataset_id = v.dataset_id)
  UNION ALL
  SELECT 'dataset', d.id, 'dataset', d.successor, 'erased into' FROM datasets d WHERE d.successor IS NOT NULL
  UNION ALL
  SELECT DISTINCT 'source', s.source, 'dataset', s.dataset_id, 'read' FROM dataset_sources s
),
down (kind, id) AS (
  SELECT s.from_kind, s.from_id FROM steps s WHERE s.from_kind = ? AND s.from_id = ?
  UNION
  SELECT s.to_kind, s.to_id FROM down d JOIN steps s ON s.from_kind = d.kind AND s.from_id = d.id
),
up (kind, id) AS (
  SELECT s.to_kind, s.to_id FROM steps s WHERE s.to_kind = ? AND s.to_id = ?
  UNION
  SELECT s.from_kind, s.from_id FROM up u JOIN steps s ON s.to_kind = u.kind AND s.to_id = u.id
)
SELECT e.from_kind, e.from_id, ${NAME('from')}, e.to_kind, e.to_id, ${NAME('to')}, e.label
FROM steps e
WHERE EXISTS (SELECT 1 FROM down d WHERE d.kind = e.from_kind AND d.id = e.from_id)
   OR EXISTS (SELECT 1 FROM up u WHERE u.kind = e.to_kind AND u.id = e.to_id)
ORDER BY e.from_kind, e.from_id, e.to_kind, e.to_id, e.label
LIMIT ?`
