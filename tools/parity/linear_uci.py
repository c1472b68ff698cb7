"""Logistic regression of scikit-learn on UCI 697, for src/learn/linear/fixtures/uci-697-logistic.json.

Run: python tools/parity/linear_uci.py path/to/student-dropout/data.csv
The fixture holds the file's hash, the rule that picks rows, and coefficients; no row.
"""

import csv
import hashlib
import io
import json
import pathlib
import sys
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "learn" / "linear" / "fixtures" / "uci-697-logistic.json"
NUMBERS = [
    "Application order",
    "Previous qualification (grade)",
    "Admission grade",
    "Age at enrollment",
    "Unemployment rate",
    "Inflation rate",
    "GDP",
]


def main():
    content = pathlib.Path(sys.argv[1]).read_bytes()
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    header = [name.strip() for name in header]
    rows = [row for i, row in enumerate(rows) if i % 25 < 16]
    columns = []
    for j, name in enumerate(header[:-1]):
        values = np.array([float(row[j]) for row in rows])
        if name in NUMBERS or name.startswith("Curricular units"):
            columns.append((values - values.mean()) / values.std())
        else:
            columns.extend((values == code).astype(float) for code in np.unique(values))
    x = np.column_stack(columns)
    y = np.array([row[-1] for row in rows])
    fits = []
    for C, class_weight in ((0.1, "balanced"), (1.0, None)):
        coefficients = []
        for solver, tol in (("newton-cg", 1e-10), ("lbfgs", 1e-10)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = LogisticRegression(C=C, class_weight=class_weight, tol=tol, max_iter=100_000, solver=solver)
                model.fit(x, y)
            coefficients.append(model.coef_)
        print(f"C={C}: newton-cg and lbfgs differ by {np.abs(coefficients[0] - coefficients[1]).max():.1e}")
        # Seven digits after the point are more than the tolerance of the test needs.
        fits.append({"C": C, "classWeight": class_weight, "coefficients": np.round(coefficients[0], 7).tolist()})
    document = {
        "madeBy": "tools/parity/linear_uci.py",
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "file": "student-dropout/data.csv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": "i % 25 < 16, counted from 0",
        "numbers": NUMBERS,
        "nRows": len(rows),
        "nColumns": x.shape[1],
        "classes": model.classes_.tolist(),
        "fits": fits,
    }
    OUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes, {x.shape}")


main()
