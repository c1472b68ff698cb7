"""The model of serve_model.py behind Flask, whose bodies nothing checks. MODEL names its file."""

import os
import pickle

import pandas as pd
from flask import Flask, jsonify, request

with open(os.environ["MODEL"], "rb") as file:
    kept = pickle.load(file)
pipeline, names = kept["pipeline"], list(kept["kinds"])
classes = [str(name) for name in pipeline.classes_]
app = Flask(__name__)


def answers(records: list[dict]) -> list[dict]:
    frame = pd.DataFrame(records, columns=names)
    return [
        {"label": classes[row.argmax()], "probabilities": dict(zip(classes, row.tolist()))}
        for row in pipeline.predict_proba(frame)
    ]


@app.get("/ready")
def ready():
    return jsonify(status="ready")


@app.post("/predict")
def predict():
    return jsonify(answers([request.get_json()])[0])


@app.post("/predict/many")
def predict_many():
    return jsonify(predictions=answers(request.get_json()["records"]))
