"""Writes TorchScript models for tests/client/script_test.cc into the folder named: good ones, and each kind refused."""
import sys

import torch
from torch import nn


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 5)
        self.inner = nn.Sequential(nn.Tanh(), nn.LayerNorm(5), nn.Dropout(0.5), nn.Linear(5, 4))
        self.scale = nn.Parameter(torch.full((4,), 0.5))
        self.last = nn.Linear(4, 2)

    def forward(self, x):
        return self.last(torch.relu(self.inner(self.first(x))) * self.scale)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTM(1, 3, batch_first=True)
        self.last = nn.Linear(3, 2)

    def forward(self, x):
        return self.last(self.cell(x.unsqueeze(2))[0][:, -1])


class Refused(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)


class Random(Refused):
    def forward(self, x):
        return self.linear(x + torch.rand_like(x))


class Dropped(Refused):
    def forward(self, x):
        return nn.functional.dropout(self.linear(x), 0.5, True)


class Mixing(Refused):
    def forward(self, x):
        return self.linear(x - x.mean(0, keepdim=True))


class Normalised(Refused):
    def __init__(self):
        super().__init__()
        self.normalisation = nn.BatchNorm1d(3)

    def forward(self, x):
        return self.linear(self.normalisation(x))


class Counting(Refused):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        return self.linear(x)


class Growing(Refused):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls.add_(1.0)
        return self.linear(x)


class Endless(Refused):
    def forward(self, x):
        while bool(x.sum() < 1e9):
            x = x + 1
        return self.linear(x)


class Printing(Refused):
    def forward(self, x):
        print(x)
        return self.linear(x)


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 7)

    def forward(self, x):
        return self.linear(x)


torch.manual_seed(1)
for kind in (Mlp, Recurrent, Random, Dropped, Mixing, Normalised, Counting, Growing, Endless, Printing, Wide):
    torch.jit.script(kind()).save("%s/%s.pt" % (sys.argv[1], kind.__name__))
torch.jit.script(Mlp().double()).save("%s/Double.pt" % sys.argv[1])
