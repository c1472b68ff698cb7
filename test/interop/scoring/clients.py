"""Asks a running server with the clients of MLflow and KServe, unmodified: argv = url, model; standard input = records as JSON. Prints what each got."""

import asyncio
import json
import sys

import pandas as pd
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

url, model = sys.argv[1:3]
records = json.load(sys.stdin)
frame = pd.DataFrame.from_records(records)


def mlflow_client():
    host, port = url.removeprefix("http://").split(":")
    client = ScoringServerClient(host, int(port))
    client.wait_server_ready(timeout=20)
    try:
        client.invoke(frame.drop(columns=frame.columns[0]))
        refusal = None
    except Exception as error:
        refusal = str(error)
    return {
        "version": client.get_version(),
        "predictions": list(client.invoke(frame).get_predictions()[0]),
        "fromList": json.loads(client.invoke(records).to_json())["predictions"],
        "refusal": refusal,
    }


def datatype(column):
    kinds = {"i": "INT64", "f": "FP64", "b": "BOOL"}
    return kinds.get(column.dtype.kind, "BYTES")


async def kserve_client():
    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    inputs = []
    for name in frame.columns:
        column = frame[name]
        tensor = InferInput(name, [len(column), 1], datatype(column), data=column.tolist())
        inputs.append(tensor)
    answer = await v2.infer(url, InferRequest(model_name=model, infer_inputs=inputs, request_id="mine"), model_name=model)
    outputs = {output.name: output for output in answer.outputs}
    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    old = await v1.infer(url, {"instances": records}, model_name=model)
    return {
        "id": answer.id,
        "labels": list(outputs["predict"].data),
        "probabilities": list(outputs["predict_proba"].data),
        "shape": list(outputs["predict_proba"].shape),
        "serverReady": await v2.is_server_ready(url),
        "serverLive": await v2.is_server_live(url),
        "modelReady": await v2.is_model_ready(url, model),
        "v1": old["predictions"],
        "v1Ready": await v1.is_model_ready(url, model),
    }


json.dump({"mlflow": mlflow_client(), "kserve": asyncio.run(kserve_client())}, sys.stdout)
