"""Checks an exported file with ONNX's own checker and lets Python's runtime answer.

    check.py MODEL.onnx < feeds.json      {"name": {"type": "double" | "string", "values": […]}}

NaN comes as null. Prints one JSON document: the labels and probabilities, or the values.
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
feeds = {}
for name, feed in json.load(sys.stdin).items():
    if feed["type"] == "double":
        values = [np.nan if value is None else value for value in feed["values"]]
        feeds[name] = np.array(values, dtype=np.float64).reshape(-1, 1)
    else:
        feeds[name] = np.array(feed["values"], dtype=object).reshape(-1, 1)
session = onnxruntime.InferenceSession(sys.argv[1])
outputs = [output.name for output in session.get_outputs()]
answers = dict(zip(outputs, (value.tolist() for value in session.run(None, feeds))))
print(json.dumps({"onnx": onnx.__version__, "runtime": onnxruntime.__version__, "answers": answers}))
