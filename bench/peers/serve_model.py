"""The peers' model: a forest of 100 trees behind one-hot columns and scaling, as most would write it. Fits it on a table and keeps it.

serve_model.py TABLE PROJECT_COLUMNS_JSON MODEL_FILE
"""

import json
import pickle
import sys

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def main(table: str, columns: str, model_file: str) -> None:
    kinds = json.loads(columns)
    rows = pd.read_csv(table, sep=";")
    categories = [name for name, kind in kinds.items() if kind == "category"]
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    train, _ = train_test_split(rows, test_size=0.2, stratify=rows["Target"], random_state=42)
    pipeline = Pipeline(
        [
            (
                "columns",
                ColumnTransformer(
                    [
                        ("categories", OneHotEncoder(handle_unknown="ignore"), categories),
                        ("numbers", StandardScaler(), numbers),
                    ]
                ),
            ),
            ("forest", RandomForestClassifier(n_estimators=100, random_state=42)),
        ]
    )
    pipeline.fit(train[list(kinds)], train["Target"])
    with open(model_file, "wb") as out:
        pickle.dump({"pipeline": pipeline, "kinds": kinds}, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
