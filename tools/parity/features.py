"""
Golden figures for src/features from scikit-learn: imputers, scalers, percentiles, encoders, and a whole column transformer.

    python tools/parity/features.py [folder of the real data sets]

Writes src/features/fixtures/*.json. Over real data a fixture holds sums of matrix columns only, never a row.
"""

import csv
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler, TargetEncoder

SEED = 20261121
OUT = Path(__file__).resolve().parents[2] / "src" / "features" / "fixtures"
VERSIONS = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "seed": SEED}
NAN = float("nan")
warnings.filterwarnings("ignore")


def plain(value):
    """JSON without NaN: a missing number is null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.floating, float)):
        return None if np.isnan(value) else float(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def write(name, document):
    """One line per key, and one per entry of its lists, so that a change shows as a small difference."""
    lines = []
    for key, value in plain({"made by": "tools/parity/features.py", "versions": VERSIONS, **document}).items():
        if isinstance(value, list):
            entries = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in value)
            lines.append(f"{json.dumps(key)}: [\n{entries}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    (OUT / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def numeric_columns(random):
    eps = np.finfo(float).eps
    return {
        "plain": random.normal(50, 12, 23),
        "missing": np.where(random.random(31) < 0.3, NAN, random.normal(0, 1, 31)),
        "integers with ties": random.integers(0, 4, 40).astype(float),
        "even count": [1.0, 2.0, 3.0, 10.0],
        "constant": [7.0] * 9,
        "constant fraction": [0.1] * 10,
        "constant with missing": [0.1, NAN, 0.1, 0.1, NAN],
        "near constant 1e8": [1e8] * 5 + [1e8 + 1.5e-8],
        "near constant 1e8 but two values": [1e8] * 50 + [1e8 + 1e-4] * 50,
        "large offset small spread": 1e6 + random.normal(0, 1e-3, 25),
        "near constant by eps": [1.0, 1.0 + eps, 1.0, 1.0 + eps],
        "tiny": random.normal(0, 1e-12, 12),
        "zero inflated": [0.0] * 12 + [1.0, 2.0, 300.0],
        "outlier": [*random.normal(0, 1, 30), 1e4, -1e4],
        "single row": [3.5],
        "single value": [NAN, 3.5, NAN],
        "two rows": [3.5, -1.25],
        "all missing": [NAN, NAN, NAN],
        "negative": -random.exponential(3, 17),
    }


def numeric(random):
    cases = []
    for name, values in numeric_columns(random).items():
        column = np.asarray(values, dtype=float).reshape(-1, 1)
        case = {"name": name, "values": column[:, 0]}
        if np.isnan(column).all():
            case["kept by imputer"] = int(SimpleImputer(strategy="median").fit_transform(column).shape[1])
            cases.append(case)
            continue
        case["mean"] = SimpleImputer(strategy="mean").fit(column).statistics_[0]
        case["median"] = SimpleImputer(strategy="median").fit(column).statistics_[0]
        standard, robust = StandardScaler().fit(column), RobustScaler().fit(column)
        case["standard"] = {"center": standard.mean_[0], "scale": standard.scale_[0], "values": standard.transform(column)[:, 0]}
        case["robust"] = {"center": robust.center_[0], "scale": robust.scale_[0], "values": robust.transform(column)[:, 0]}
        case["percentiles"] = {str(p): np.nanpercentile(column, p) for p in (0, 1, 5, 25, 33.3, 50, 75, 95, 99, 100)}
        imputed = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit_transform(column)
        case["median then standard"] = imputed[:, 0]
        cases.append(case)
    write("numeric.json", {"cases": cases})


def categories(random):
    letters = list("abcdefgh")
    skewed = random.choice(letters, 60, p=[0.3, 0.25, 0.15, 0.1, 0.08, 0.06, 0.04, 0.02]).tolist()
    return {
        "skewed": (skewed, ["a", "h", "z", None, ""]),
        "ties": (list("aabbccddeeff"), ["a", "f", "z"]),
        "ties uneven": (list("ccbbaaaadde"), ["e", "d", "q"]),
        "missing often": ([None if i % 4 == 0 else letters[i % 3] for i in range(40)], ["a", None, "z"]),
        "missing rarely": ([None] + list("aaaabbbbcccc"), ["a", None, "z"]),
        "unicode": (["Évora", "Zürich", "zebra", "Aachen", "東京", "😀", "～", "Évora", "zebra", "東京"], ["Évora", "😀", "?"]),
        "one value": (["x"] * 6, ["x", "y"]),
        "two values": (list("nyynnyyyyn"), ["n", "y", "?"]),
        "all distinct": (list("qwertzuiop"), ["q", "a"]),
        "single row": (["only"], ["only", "other"]),
    }


def as_objects(values):
    return np.array(values, dtype=object).reshape(-1, 1)


ENCODER_OPTIONS = [
    {},
    {"min_frequency": 3},
    {"min_frequency": 0.1},
    {"max_categories": 3},
    {"max_categories": 2},
    {"min_frequency": 2, "max_categories": 4},
    {"min_frequency": 100},
]


def encoders(random):
    one_hot, ordinal, mode = [], [], []
    for name, (train, test) in categories(random).items():
        x, x_test = as_objects(train), as_objects(test)
        for options in ENCODER_OPTIONS:
            for unknown in ("infrequent_if_exist", "ignore"):
                encoder = OneHotEncoder(handle_unknown=unknown, sparse_output=False, **options).fit(x)
                one_hot.append({
                    "name": name, "train": train, "test": test, "options": options, "unknown": unknown,
                    "names": [str(n) for n in encoder.get_feature_names_out(["x"])],
                    "trainMatrix": encoder.transform(x).astype(int), "testMatrix": encoder.transform(x_test).astype(int),
                })
            x_nan = np.array([[NAN if v is None else v] for v in train], dtype=object)
            encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=NAN, **options).fit(x_nan)
            ordinal.append({"name": name, "train": train, "options": options, "codes": encoder.transform(x_nan)[:, 0].astype(float)})
        imputer = SimpleImputer(strategy="most_frequent", missing_values=None).fit(x)
        mode.append({"name": name, "train": train, "mode": str(imputer.statistics_[0])})
    write("one-hot.json", {"cases": one_hot})
    write("ordinal.json", {"cases": ordinal})
    write("mode.json", {"cases": mode})


def target(random):
    cases = []
    n = 90
    sets = {
        "skewed": random.choice(list("abcdefg"), n, p=[0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02]).tolist(),
        "with missing": [None if random.random() < 0.2 else c for c in random.choice(list("abc"), n)],
        "rare": [f"r{i}" if i % 9 == 0 else "common" for i in range(n)],
    }
    targets = {
        "binary": random.choice(["no", "yes"], n, p=[0.7, 0.3]).tolist(),
        "multiclass": random.choice(["Dropout", "Enrolled", "Graduate"], n, p=[0.3, 0.2, 0.5]).tolist(),
        "continuous": random.normal(10, 4, n).tolist(),
        "almost constant": [1.5] * (n - 1) + [2.5],
    }
    fold_of = np.arange(n) * 7 % 4
    for name, train in sets.items():
        x = as_objects(train)
        test = [*dict.fromkeys(train), "never seen"]
        for kind, y in targets.items():
            for smooth in ("auto", 0.0, 12.5):
                target_type = "continuous" if kind == "almost constant" else kind
                encoder = TargetEncoder(smooth=smooth, target_type=target_type, cv=PredefinedSplit(fold_of))
                crossed = encoder.fit_transform(x, np.array(y))
                cases.append({
                    "name": name, "kind": kind, "train": train, "y": y, "smooth": smooth, "foldOf": fold_of, "test": test,
                    "encoded": encoder.transform(as_objects(test)).T, "crossFitted": crossed.T,
                })
    write("target.json", {"cases": cases})


def linear_transformer(numeric_names, category_names):
    """What `encoding: linear` does by default, in scikit-learn's words. Indicators stay 0/1."""
    steps = []
    for name in numeric_names:
        steps.append((name, make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [name]))
        steps.append((f"isMissing {name}", MissingIndicator(features="missing-only", error_on_new=False), [name]))
    one_hot = OneHotEncoder(min_frequency=5, max_categories=100, handle_unknown="infrequent_if_exist", sparse_output=False)
    for name in category_names:
        steps.append((name, one_hot, [name]))
    return ColumnTransformer(steps)


def pipeline(random):
    import pandas

    n, n_test = 70, 25
    total = n + n_test
    frame = pandas.DataFrame({
        "grade": np.where(random.random(total) < 0.15, NAN, random.normal(12, 3, total)),
        "age": random.integers(17, 40, total).astype(float),
        "course": random.choice(["33", "171", "8014", "9003", "9070"], total, p=[0.02, 0.3, 0.3, 0.3, 0.08]),
        "sex": random.choice(["F", "M"], total),
    })
    frame.loc[n + 3, "course"] = "nursing"
    frame.loc[n + 4, "age"] = NAN
    frame["course"] = frame["course"].astype(object)
    frame["sex"] = frame["sex"].astype(object)
    transformer = linear_transformer(["grade", "age"], ["course", "sex"]).fit(frame[:n])
    write("pipeline.json", {
        "nTrain": n,
        "columns": {name: frame[name].tolist() for name in frame},
        "train": transformer.transform(frame[:n]).astype(float).T,
        "test": transformer.transform(frame[n:]).astype(float).T,
    })


CATEGORIES = [
    "Marital status", "Application mode", "Course", "Previous qualification", "Nacionality", "Mother's qualification",
    "Father's qualification", "Mother's occupation", "Father's occupation",
]


def dropout(folder):
    """Sums over the matrix of the real file: fitted on the rows whose number is not a multiple of 5, used on the others."""
    import pandas

    with open(folder / "student-dropout" / "data.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    frame = pandas.DataFrame(rows[1:], columns=[name.strip() for name in rows[0]]).drop(columns="Target")
    for name in frame:
        frame[name] = frame[name].astype(object) if name in CATEGORIES else frame[name].astype(float)
    held_out = np.arange(len(frame)) % 5 == 0
    names = [name for name in frame if name not in CATEGORIES]
    transformer = linear_transformer(names, CATEGORIES).fit(frame[~held_out])
    matrix = transformer.transform(frame[held_out]).astype(float)
    weights = np.sqrt(np.arange(1, len(matrix) + 1))
    # Our columns are in the order of the file; one-hot columns of a source in the order of the codes as numbers.
    columns = []
    widths = transformer.output_indices_
    for name in frame:
        block = matrix[:, widths[name]]
        sums = np.sort(weights @ block) if name in CATEGORIES else weights @ block
        columns.append({"source": name, "weightedSums": sums})
    write("dropout.json", {"heldOut": int(held_out.sum()), "columns": columns})


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(SEED)
    numeric(generator)
    encoders(generator)
    target(generator)
    pipeline(generator)
    if len(sys.argv) > 1:
        dropout(Path(sys.argv[1]))
