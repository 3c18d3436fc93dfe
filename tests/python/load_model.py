"""Loads a fetched model from safetensors (by hand) and TorchScript; both must predict the same to 1e-6.

load_model.py FILE.safetensors FILE.pt [KIND]. The safetensors side recomputes the model with torch.nn's own parts. For
regression, the scaling that the TorchScript file applies at its end is recovered from two points. Kinds other than
linear models and mlp are those of tests/client/export_test.cc.
"""
import json
import struct
import sys

import torch
from torch.nn import functional


def read_safetensors(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32"
        begin, end = entry["data_offsets"]
        values = struct.unpack("<%df" % ((end - begin) // 4), data[begin:end])
        tensors[name] = torch.tensor(values).reshape(entry["shape"])
    return header.get("__metadata__", {}), tensors


def head(tensors, value, first, activation=torch.tanh):
    """The linear layers from number `first` on."""
    last = max(int(name.split(".")[1]) for name in tensors)
    for layer in range(first, last + 1):
        value = value @ tensors["layers.%d.weight" % layer].t() + tensors["layers.%d.bias" % layer]
        if layer < last:
            value = activation(value)
    return value


def embedded(tensors):
    x = torch.rand(64, 3) * 2 - 1
    x[:, 2] = torch.randint(0, 4, (64,))
    vectors = tensors["layers.0.table0"][x[:, 2].long()]
    return x, head(tensors, torch.cat([x[:, :2], vectors], 1), 1)


def cnn(tensors):
    x = torch.rand(64, 81)
    value = functional.conv2d(x.reshape(64, 1, 9, 9), tensors["layers.0.weight"], tensors["layers.0.bias"], 2, 1)
    value = torch.tanh(functional.group_norm(value, 1, tensors["layers.1.weight"], tensors["layers.1.bias"]))
    return x, head(tensors, functional.max_pool2d(value, 2).flatten(1), 2)


def words():
    x = torch.randint(1, 21, (64, 6))
    for row in range(64):
        x[row, : row % 7] = 0
    return x.float()


def text(tensors):
    x = words()
    bags = functional.embedding_bag(x.long(), tensors["layers.0.weight"], mode="mean", padding_idx=0)
    return x, head(tensors, bags, 1, torch.relu)


def gru(tensors):
    x = words()
    cell = torch.nn.GRU(4, 5, batch_first=True)
    with torch.no_grad():
        for ours, theirs in (("weight_ih", "weight_ih_l0"), ("weight_hh", "weight_hh_l0"),
                             ("bias_ih", "bias_ih_l0"), ("bias_hh", "bias_hh_l0")):
            getattr(cell, theirs).copy_(tensors["layers.1." + ours])
        vectors = tensors["layers.0.weight"][x.long()] * (x != 0).unsqueeze(-1)
        return x, head(tensors, cell(vectors)[0][:, -1], 2, torch.relu)


def plain(tensors):
    x = torch.rand(64, tensors["layers.0.weight"].shape[1]) * 2 - 1
    return x, head(tensors, x, 0)


def scaled(value, predicted):
    """The public target scaling is affine: two points fix it, 62 more check it."""
    low, high = value.argmin(), value.argmax()
    half = (predicted[high] - predicted[low]) / (value[high] - value[low])
    return half * value + predicted[low] - half * value[low]


def main():
    metadata, tensors = read_safetensors(sys.argv[1])
    script = torch.jit.load(sys.argv[2])
    kind = sys.argv[3] if len(sys.argv) > 3 else "mlp"
    assert metadata["study"] and metadata["input.0"]
    torch.manual_seed(1)
    x, value = {"embedded": embedded, "cnn": cnn, "text": text, "gru": gru}.get(kind, plain)(tensors)
    predicted = script(x).double()
    if kind in ("cnn", "text", "gru"):
        expected = torch.softmax(value, 1).double()
    elif kind == "logistic":
        expected = torch.sigmoid(value.squeeze(1)).double()
    elif kind == "poisson":
        expected = torch.exp(value.squeeze(1)).double()
    else:
        expected = scaled(value.squeeze(1).double(), predicted)
    difference = (predicted - expected).abs().max().item()
    scale = max(1.0, predicted.abs().max().item())
    assert difference <= 1e-6 * scale * 4, difference
    print("64 predictions agree within %.2g" % difference)


main()
