"""What a team's notebooks do with MLflow, against the server of the first argument. Prints one line of JSON for each step."""

import json
import math
import os
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"

import matplotlib

matplotlib.use("Agg")

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
is_3 = int(mlflow.__version__.split(".")[0]) >= 3
x, y = load_iris(return_X_y=True, as_frame=True)
fitted = LogisticRegression(max_iter=300).fit(x, y)
expected = fitted.predict(x).tolist()
state = {}


def set_experiment():
    made = mlflow.set_experiment("Grades of Ümit, 2026")
    again = mlflow.set_experiment("Grades of Ümit, 2026")
    assert made.experiment_id == again.experiment_id
    assert client.get_experiment("0").name == "Default"
    state["experiment"] = made.experiment_id


def start_run_and_log():
    with mlflow.start_run(run_name="first", tags={"team": "a"}) as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"rate": 0.1, "note": "x" * 7000})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metric("loss", 0.25, step=2)
        mlflow.log_metrics({"auc": 0.9, "odd": float("nan"), "far": float("-inf")})
        mlflow.set_tags({"stage of work": "draft"})
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED" and got.info.run_name == "first"
    assert got.data.params["depth"] == "3" and len(got.data.params["note"]) == 6000
    assert got.data.metrics["loss"] == 0.25 and math.isnan(got.data.metrics["odd"])
    assert got.data.metrics["far"] <= -1.7e308
    assert got.data.tags["team"] == "a" and got.data.tags["stage of work"] == "draft"
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == [(1, 0.5), (2, 0.25)]
    state["run"] = run.info.run_id


def param_is_written_once():
    try:
        client.log_param(state["run"], "depth", 4)
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE", error.error_code
        return
    raise AssertionError("a param was written twice")


def log_artifacts():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/deep/er")
        open(f"{folder}/a b.txt", "w").write("plain")
        open(f"{folder}/deep/er/ü.bin", "wb").write(bytes(range(256)) * 5000)
        client.log_artifact(state["run"], f"{folder}/a b.txt", "one")
        client.log_artifacts(state["run"], folder, "many")
        client.log_dict(state["run"], {"k": [1, 2]}, "d.json")
    assert {f.path for f in client.list_artifacts(state["run"])} == {"one", "many", "d.json"}
    assert [f.path for f in client.list_artifacts(state["run"], "many/deep")] == ["many/deep/er"]


def download_artifacts():
    got = mlflow.artifacts.download_artifacts(run_id=state["run"], artifact_path="many")
    assert open(f"{got}/a b.txt").read() == "plain"
    assert open(f"{got}/deep/er/ü.bin", "rb").read() == bytes(range(256)) * 5000
    assert mlflow.artifacts.load_dict(f"runs:/{state['run']}/d.json") == {"k": [1, 2]}


def upload_and_download_in_parts():
    content = os.urandom(3_500_000) + bytes(1_000_000)
    parts = {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": "700000",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
        "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": "1000000",
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": "900000",
    }
    sent, got = counted(), None
    try:
        os.environ.update(parts)
        with tempfile.TemporaryDirectory() as folder:
            open(f"{folder}/ü big.bin", "wb").write(content)
            client.log_artifact(state["run"], f"{folder}/ü big.bin", "parts")
            got = open(mlflow.artifacts.download_artifacts(run_id=state["run"], artifact_path="parts/ü big.bin"), "rb").read()
    finally:
        for name in parts:
            del os.environ[name]
        puts = sent()
    assert got == content
    assert puts == [f"mpu/parts {number}" for number in range(1, 8)], puts


def large_file_in_parts():
    """200 MB: in one request by what the server tells, in parts of the client's own size where the user asks for them."""
    content = os.urandom(200_000_000)
    limit = {"MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "100000000"}
    for asked, parts in (({}, 0), ({"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true"}, 20)):
        sent = counted()
        try:
            os.environ.update({**limit, **asked})
            with tempfile.TemporaryDirectory() as folder:
                open(f"{folder}/large.bin", "wb").write(content)
                client.log_artifact(state["run"], f"{folder}/large.bin", f"large/{parts}")
                path = mlflow.artifacts.download_artifacts(
                    run_id=state["run"], artifact_path=f"large/{parts}/large.bin", dst_path=folder + "/got"
                )
                assert open(path, "rb").read() == content
        finally:
            for name in {**limit, **asked}:
                del os.environ[name]
            puts = sent()
        assert puts == [f"mpu/parts {number}" for number in range(1, parts + 1)], puts


def counted():
    """Watches what `requests` is asked to put, so that a fall-back to one request would be seen."""
    import requests

    plain, seen = requests.put, []

    def put(url, **more):
        seen.append("mpu/parts " + url.split("?")[0].rsplit("/", 1)[1] if "/mpu/parts/" in url else url)
        return plain(url, **more)

    requests.put = put

    def end():
        requests.put = plain
        return sorted(seen, key=lambda one: int(one.split()[-1]))

    return end


def log_input():
    with mlflow.start_run(run_name="inputs") as run:
        mlflow.log_input(mlflow.data.from_pandas(x, name="iris"), context="training")
    (given,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert given.dataset.name == "iris" and {t.key: t.value for t in given.tags}["mlflow.data.context"] == "training"
    found = mlflow.search_runs([state["experiment"]], "datasets.name = 'iris'")
    assert found["run_id"].tolist() == [run.info.run_id]


def search_runs():
    for number in range(25):
        with mlflow.start_run(run_name=f"r{number:02}"):
            mlflow.log_metric("acc", number / 25)
            mlflow.log_param("kind", "even" if number % 2 == 0 else "odd")
    ids = [state["experiment"]]
    best = mlflow.search_runs(ids, "metrics.acc > 0.5 and params.kind = 'even'", order_by=["metrics.acc DESC"])
    assert best["tags.mlflow.runName"].tolist() == [f"r{n:02}" for n in range(24, 12, -2)]
    page = client.search_runs(ids, "metrics.acc >= 0", max_results=10, order_by=["metrics.acc"])
    names = [run.info.run_name for run in page]
    while page.token:
        page = client.search_runs(
            ids, "metrics.acc >= 0", max_results=10, order_by=["metrics.acc"], page_token=page.token
        )
        names += [run.info.run_name for run in page]
    assert names == [f"r{n:02}" for n in range(25)]


def log_sklearn_model():
    where = {"name": "clf"} if is_3 else {"artifact_path": "clf"}
    with mlflow.start_run(run_name="model") as run:
        info = mlflow.sklearn.log_model(fitted, input_example=x.head(2), **where)
    assert mlflow.sklearn.load_model(info.model_uri).predict(x).tolist() == expected
    state["uri"], state["model run"] = info.model_uri, run.info.run_id


def register_model():
    first = mlflow.register_model(state["uri"], "Iris model")
    second = mlflow.register_model(f"runs:/{state['model run']}/clf", "Iris model", tags={"k": "v"})
    assert (int(first.version), int(second.version)) == (1, 2)
    assert client.get_model_version("Iris model", 2).tags == {"k": "v"}
    assert [int(v.version) for v in client.search_model_versions("name = 'Iris model'")] == [2, 1]
    assert [m.name for m in client.search_registered_models("name LIKE 'Iris%'")] == ["Iris model"]


def aliases():
    client.set_registered_model_alias("Iris model", "champion", "1")
    assert int(client.get_model_version_by_alias("Iris model", "champion").version) == 1
    client.set_registered_model_alias("Iris model", "champion", "2")
    assert client.get_registered_model("Iris model").aliases == {"champion": "2"} or is_3
    loaded = mlflow.pyfunc.load_model("models:/Iris model@champion")
    assert loaded.predict(x).tolist() == expected
    client.delete_registered_model_alias("Iris model", "champion")
    try:
        client.get_model_version_by_alias("Iris model", "champion")
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE"
        client.set_registered_model_alias("Iris model", "champion", "1")
        return
    raise AssertionError("the alias is still there")


def stages():
    client.transition_model_version_stage("Iris model", "1", "Production")
    client.transition_model_version_stage("Iris model", "2", "production", archive_existing_versions=True)
    assert client.get_model_version("Iris model", "1").current_stage == "Archived"
    assert mlflow.pyfunc.load_model("models:/Iris model/Production").predict(x).tolist() == expected


def onnx_is_served():
    import numpy
    from skl2onnx import to_onnx

    other = LogisticRegression(C=1e-3, max_iter=300).fit(x, y)
    for model in (fitted, other):
        graph = to_onnx(model, x.values[:1].astype(numpy.float32))
        signature = mlflow.models.infer_signature(x, model.predict(x))
        with mlflow.start_run():
            info = mlflow.onnx.log_model(graph, name="onnx", signature=signature)
        mlflow.register_model(info.model_uri, "Iris ONNX")
    for version, model in ((1, fitted), (2, other)):
        client.set_registered_model_alias("Iris ONNX", "champion", str(version))
        deadline = time.time() + 30
        while (answer := predict("Iris ONNX"))["model"]["version"] != version and time.time() < deadline:
            time.sleep(0.2)
        assert answer["model"]["version"] == version
        labels = [one["label"] for one in answer["predictions"]]
        assert labels == [str(one) for one in model.predict(x)]
        ours = [[one["probabilities"][str(k)] for k in range(3)] for one in answer["predictions"]]
        assert numpy.abs(numpy.array(ours) - model.predict_proba(x)).max() < 1e-6
    again = mlflow.pyfunc.load_model("models:/Iris ONNX@champion").predict(x)
    assert again["output_label"].tolist() == other.predict(x).tolist()


def pickle_is_never_loaded():
    client.set_registered_model_alias("Iris model", "champion", "1")
    try:
        predict("Iris model")
    except urllib.error.HTTPError as error:
        assert error.code == 422 and json.load(error)["error"] == "MODEL_NOT_SERVABLE"
        return
    raise AssertionError("a pickle was loaded")


def predict(model):
    request = urllib.request.Request(
        f"{sys.argv[1]}/api/v1/models/{urllib.parse.quote(model)}/predict",
        json.dumps({"records": x.to_dict("records")}).encode(),
        {"Content-Type": "application/json"},
    )
    return json.load(urllib.request.urlopen(request))


def autolog():
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="auto") as run:
        LogisticRegression(C=0.5, max_iter=300).fit(x, y)
    mlflow.sklearn.autolog(disable=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["C"] == "0.5" and got.data.metrics["training_accuracy_score"] > 0.9
    assert "training_confusion_matrix.png" in {f.path for f in client.list_artifacts(run.info.run_id)}


def delete_and_restore():
    client.delete_run(state["run"])
    assert client.get_run(state["run"]).info.lifecycle_stage == "deleted"
    assert state["run"] not in [r.info.run_id for r in client.search_runs([state["experiment"]])]
    client.restore_run(state["run"])
    client.delete_model_version("Iris model", "2")
    try:
        client.get_model_version("Iris model", "2")
    except MlflowException as error:
        assert error.error_code == "RESOURCE_DOES_NOT_EXIST"
        return
    raise AssertionError("the version is still there")


STEPS = [
    set_experiment,
    start_run_and_log,
    param_is_written_once,
    log_artifacts,
    download_artifacts,
    upload_and_download_in_parts,
    large_file_in_parts,
    log_input,
    search_runs,
    log_sklearn_model,
    register_model,
    aliases,
    stages,
    pickle_is_never_loaded,
    *([onnx_is_served] if is_3 else []),
    autolog,
    delete_and_restore,
]
for step in STEPS:
    try:
        step()
        print(json.dumps({"step": step.__name__, "error": None}), flush=True)
    except Exception as error:
        print(json.dumps({"step": step.__name__, "error": f"{type(error).__name__}: {error}"[:2000]}), flush=True)
