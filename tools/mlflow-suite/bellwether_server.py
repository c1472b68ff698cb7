"""Runs MLflow's own REST suites against Bellwether: a pytest plugin.

Both suites start their server through one class, ServerThread of tests/tracking/integration_test_utils.py. This plugin
puts another class in its place before they are imported: it starts `bellwether serve` on an empty home and yields its URL.

    cd <a checkout of MLflow's tests>
    PYTHONPATH=<this folder>:. BELLWETHER_ROOT=<the checkout of Bellwether> \
      python -m pytest -p bellwether_server --noconftest tests/tracking/test_rest_tracking.py tests/tracking/test_model_registry.py -k ...

docs/mlflow.md has the whole command and the record of a run.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
import requests

ROOT = pathlib.Path(os.environ["BELLWETHER_ROOT"])
NODE = ROOT / "node_modules" / ".bin" / "node"


class BellwetherServer:
    """A server in a process of its own, on a home of its own, for as long as a `with` block lasts."""

    def __init__(self, app=None, port=0):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="bellwether-mlflow-suite-")
        command = [str(NODE), "bin/bellwether.js", "serve", "--create-home", "--home", self.home, "--port", str(self.port)]
        self.log = open(os.path.join(self.home, "server.log"), "w")
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log)
        deadline = time.time() + 60
        while time.time() < deadline:
            try:
                if requests.get(f"{self.url}/health", timeout=2).ok:
                    return self.url
            except requests.RequestException:
                time.sleep(0.05)
        raise RuntimeError("the server did not start: " + open(self.log.name).read())

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


def pytest_configure(config):
    # Markers of MLflow's own conftest and of a plugin that these tests do not need.
    for marker in ("allow_infer_pip_requirements_fallback", "asyncio"):
        config.addinivalue_line("markers", marker)
    import tests.tracking.integration_test_utils as utils

    utils.ServerThread = BellwetherServer


@pytest.fixture
def db_uri(tmp_path):
    """The suites hand it to MLflow's own stores, which no request reaches."""
    return f"sqlite:///{tmp_path}/unused.db"
