"""A PyTorch network as ONNX with the answers that PyTorch gives itself; seed 11.

Writes src/packaging/onnx/fixtures/pytorch.onnx and pytorch.json. PyPI's Linux wheels of torch bring CUDA along (gigabytes), so this is no
part of the interop lane: run it with any CPU build of torch, such as Debian's python3-torch (1.13.1).

    python3 tools/parity/onnx_pytorch.py
"""
import json
import pathlib

import torch

FOLDER = pathlib.Path(__file__).parents[2] / "src/packaging/onnx/fixtures"
COLUMNS = ["age", "income", "visits", "score"]

torch.manual_seed(11)
x = torch.randn(400, 4) * torch.tensor([15.0, 20.0, 2.0, 1.0]) + torch.tensor([45.0, 50.0, 3.0, 0.0])
y = (x[:, 1] + 4 * x[:, 2] > 62).long() + (x[:, 0] > 55).long()


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("std", x.std(0))
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 3))

    def forward(self, features):
        return self.layers((features - self.mean) / self.std)


model = Network()
optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(100):
    optimiser.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    optimiser.step()
model.eval()

FOLDER.mkdir(exist_ok=True)
torch.onnx.export(
    model,
    torch.zeros(1, 4),
    str(FOLDER / "pytorch.onnx"),
    input_names=["features"],
    output_names=["logits"],
    dynamic_axes={"features": {0: "n"}, "logits": {0: "n"}},
    opset_version=15,
)
new = torch.randn(20, 4) * torch.tensor([15.0, 20.0, 2.0, 1.0]) + torch.tensor([45.0, 50.0, 3.0, 0.0])
with torch.no_grad():
    probabilities = torch.softmax(model(new), dim=1)
document = {
    "source": {"library": "torch", "version": torch.__version__, "seed": 11, "script": "tools/parity/onnx_pytorch.py"},
    "classes": ["low", "middle", "high"],
    "records": [dict(zip(COLUMNS, row)) for row in new.tolist()],
    "probabilities": probabilities.tolist(),
}
(FOLDER / "pytorch.json").write_text(json.dumps(document) + "\n")
