"""Loads a fetched model from safetensors (by hand) and TorchScript; both must predict the same to 1e-6.

The safetensors side recomputes the closed-list model: Linear layers with tanh between, and for regression the
scaling that the TorchScript file applies at its end (recovered from two points).
"""
import json
import struct
import sys

import torch


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


def main():
    metadata, tensors = read_safetensors(sys.argv[1])
    script = torch.jit.load(sys.argv[2])
    assert metadata["study"] and metadata["input.0"]
    layers = len(tensors) // 2
    inputs = tensors["layers.0.weight"].shape[1]
    torch.manual_seed(1)
    x = torch.rand(64, inputs) * 2 - 1
    value = x
    for layer in range(layers):
        value = value @ tensors["layers.%d.weight" % layer].t() + tensors["layers.%d.bias" % layer]
        if layer + 1 < layers:
            value = torch.tanh(value)
    value = value.squeeze(1).double()
    predicted = script(x).double()
    # The public target scaling is affine: two points fix it, 62 more check it.
    low, high = value.argmin(), value.argmax()
    half = (predicted[high] - predicted[low]) / (value[high] - value[low])
    centre = predicted[low] - half * value[low]
    difference = (predicted - (half * value + centre)).abs().max().item()
    scale = max(1.0, predicted.abs().max().item())
    assert difference <= 1e-6 * scale * 4, difference
    print("64 predictions agree within %.2g" % difference)


main()
