"""The model of serve_model.py behind FastAPI: a body checked by pydantic, an endpoint for one record and one for many. MODEL names its file."""

import os
import pickle

import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, create_model

with open(os.environ["MODEL"], "rb") as file:
    kept = pickle.load(file)
pipeline, kinds = kept["pipeline"], kept["kinds"]
names = list(kinds)
classes = [str(name) for name in pipeline.classes_]

Record = create_model(
    "Record",
    __config__=ConfigDict(extra="forbid"),
    **{
        f"column_{at}": (int if kinds[name] == "category" else float, Field(alias=name))
        for at, name in enumerate(names)
    },
)


class Prediction(BaseModel):
    label: str
    probabilities: dict[str, float]


class Answer(BaseModel):
    predictions: list[Prediction]


class Records(BaseModel):
    records: list[Record]


app = FastAPI()


def answers(records: list[Record]) -> list[Prediction]:
    frame = pd.DataFrame([record.model_dump(by_alias=True) for record in records], columns=names)
    return [
        Prediction(label=classes[row.argmax()], probabilities=dict(zip(classes, row.tolist())))
        for row in pipeline.predict_proba(frame)
    ]


@app.get("/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.post("/predict")
def predict(record: Record) -> Prediction:
    return answers([record])[0]


@app.post("/predict/many")
def predict_many(body: Records) -> Answer:
    return Answer(predictions=answers(body.records))
