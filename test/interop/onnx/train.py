"""Models of scikit-learn, LightGBM and Keras as ONNX files, with the answers that each framework gives itself.

    train.py FOLDER      writes NAME.onnx for each model and prints one JSON document
"""
import json
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np

COLUMNS = ["age", "income", "visits", "score"]
PLANS = ["basic", "plus", "pro"]


def rows(n, seed, gaps=False):
    random = np.random.default_rng(seed)
    x = np.column_stack(
        [random.integers(18, 80, n), random.normal(50, 15, n), random.poisson(3, n), random.normal(0, 1, n)]
    ).astype(np.float32)
    if gaps:
        x[random.random(x.shape) < 0.1] = np.nan
    return x


def classes_of(x):
    filled = np.nan_to_num(x, nan=30)
    return np.where(filled[:, 1] + 4 * filled[:, 2] > 70, 2, np.where(filled[:, 0] > 45, 1, 0))


def records_of(x, columns=COLUMNS):
    return [{name: None if np.isnan(v) else float(v) for name, v in zip(columns, row)} for row in x]


def sklearn_forest(save):
    """One table of floats; probabilities as a list of dictionaries (ZipMap)."""
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    x = rows(400, 1)
    model = RandomForestClassifier(30, random_state=0).fit(x, np.array(["low", "mid", "top"])[classes_of(x)])
    save(to_onnx(model, x[:1]).SerializeToString())
    new = rows(60, 2)
    return {"records": records_of(new), "classes": list(model.classes_), "expected": model.predict_proba(new).tolist()}


def sklearn_pipeline(save):
    """An input for each column, numbers and texts; missing numbers; a tensor of probabilities."""
    import pandas as pd
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    random = np.random.default_rng(3)

    def table(n, seed):
        frame = pd.DataFrame(rows(n, seed, gaps=True), columns=COLUMNS)
        frame["plan"] = random.choice(PLANS, n)
        return frame

    frame = table(400, 3)
    y = (classes_of(frame[COLUMNS].to_numpy()) + (frame["plan"] == "pro")) % 2
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer([("n", numbers, COLUMNS), ("c", OneHotEncoder(handle_unknown="ignore"), ["plan"])])
    model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(frame, y)
    types = [(name, FloatTensorType([None, 1])) for name in COLUMNS] + [("plan", StringTensorType([None, 1]))]
    save(to_onnx(model, initial_types=types, options={"zipmap": False}).SerializeToString())
    new = table(60, 4)
    new.loc[:5, "plan"] = "unheard of"
    records = [
        {**record, "plan": plan} for record, plan in zip(records_of(new[COLUMNS].to_numpy()), new["plan"])
    ]
    return {"records": records, "classes": ["0", "1"], "expected": model.predict_proba(new).tolist()}


def sklearn_regression(save):
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingRegressor

    x = rows(400, 5)
    model = GradientBoostingRegressor(n_estimators=40, random_state=0).fit(x, x[:, 1] / 10 + x[:, 3])
    save(to_onnx(model, x[:1]).SerializeToString())
    new = rows(60, 6)
    return {"records": records_of(new), "classes": None, "expected": model.predict(new).tolist()}


def lightgbm_classifier(save):
    """Trees that send missing values where they learnt to; three classes; ZipMap."""
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    x = rows(600, 7, gaps=True)
    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, random_state=0).fit(x, classes_of(x))
    initial = [("input", FloatTensorType([None, len(COLUMNS)]))]
    save(convert_lightgbm(model, initial_types=initial, target_opset=15).SerializeToString())
    new = rows(60, 8, gaps=True)
    return {"records": records_of(new), "classes": ["0", "1", "2"], "expected": model.predict_proba(new).tolist()}


def keras_softmax(save, path):
    """A network that ends in softmax: the file names no class."""
    import keras

    keras.utils.set_random_seed(9)
    x = rows(400, 9)
    model = keras.Sequential(
        [
            keras.Input((len(COLUMNS),), name="features"),
            keras.layers.Rescaling(0.02),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, classes_of(x), epochs=3, verbose=0)
    model.export(path, format="onnx", verbose=False)
    new = rows(60, 10)
    return {"records": records_of(new), "classes": ["low", "mid", "top"], "expected": model.predict(new, verbose=0).tolist()}


def main(folder):
    document = {}
    for make in (sklearn_forest, sklearn_pipeline, sklearn_regression, lightgbm_classifier, keras_softmax):
        path = os.path.join(folder, f"{make.__name__}.onnx")

        def save(content):
            with open(path, "wb") as file:
                file.write(content)

        document[make.__name__] = make(save, path) if make is keras_softmax else make(save)
    print(json.dumps(document))


main(sys.argv[1])
