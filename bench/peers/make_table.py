"""Writes the table that every process of the bench reads.

    python make_table.py table.parquet rows seed

In the likeness of the HIGGS data: 28 float32 columns, of which 21 are "measured" (momenta, angles, tags of few values) and 7
are computed from them, and a column `y` of 0 and 1 that follows from both with much noise. Equal arguments give equal values.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def main() -> None:
    file, rows, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    random = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {}
    momenta = [np.exp(0.6 * random.standard_normal(rows) - 0.15) for _ in range(6)]
    eta = [random.standard_normal(rows) for _ in range(5)]
    phi = [random.uniform(-np.pi, np.pi, rows) for _ in range(6)]
    tags = [random.choice([0.0, 1.0865, 2.173, 2.548], rows, p=[0.5, 0.2, 0.25, 0.05]) for _ in range(4)]
    for name, group in (("momentum", momenta), ("eta", eta), ("phi", phi), ("tag", tags)):
        for i, values in enumerate(group):
            columns[f"{name}_{i}"] = values.astype(np.float32)
    masses = []
    for i in range(5):
        j = (i + 1) % 5
        cosine = np.cosh(eta[i] - eta[j]) - np.cos(phi[i] - phi[j])
        masses.append(np.sqrt(2 * momenta[i] * momenta[j] * cosine))
    masses.append(np.sqrt(masses[0] ** 2 + masses[2] ** 2) / 2)
    masses.append((masses[1] + masses[3] + masses[4]) / 3)
    for i, values in enumerate(masses):
        columns[f"mass_{i}"] = values.astype(np.float32)
    score = (
        -1.1 * np.exp(-((masses[0] - 1.6) ** 2) / 0.5)
        + 1.4 * np.exp(-((masses[2] - 2.0) ** 2) / 0.8)
        + 0.7 * np.tanh(masses[5] - masses[6])
        + 0.5 * (momenta[0] - momenta[5]) * (tags[0] > 1)
        + 0.35 * np.abs(eta[0])
        - 0.25 * momenta[1] * np.cos(phi[5])
        + 0.3 * (tags[1] + tags[2] > 2)
    )
    score = 1.6 * (score - score.mean()) / score.std()
    y = random.uniform(size=rows) < 1 / (1 + np.exp(-score))
    columns["y"] = y.astype(np.float32)
    pq.write_table(pa.table(columns), file, row_group_size=131_072)


main()
