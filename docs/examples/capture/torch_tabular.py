"""Rows of a table: a year, a price and a time, as they come; `torch_tabular.py:prepare`."""

import torch
from torch import nn


def prepare(dtype=torch.float32, momentum=0.1):
    """A model that normalizes its columns first, and one step of its training."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.BatchNorm1d(3, momentum=momentum),
        nn.Linear(3, 32, bias=False),
        nn.BatchNorm1d(32, momentum=momentum),
        nn.ReLU(),
        nn.Linear(32, 1),
    ).to(dtype)
    year = torch.randint(1950, 2010, (512,)).float()
    price = torch.exp(8 + 2 * torch.randn(512))
    time = 1.7e9 + 3e4 * torch.randn(512)  # seconds since 1970, within some hours
    table, wanted = torch.stack([year, price, time], 1).to(dtype), torch.randn(512, 1).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)

    def step():
        chosen = torch.randint(512, (256,))
        optimizer.zero_grad()
        ((model(table[chosen]) - wanted[chosen]) ** 2).mean().backward()
        optimizer.step()

    return model, step


def prepare_bfloat16():
    """The same, all of it in bfloat16."""
    return prepare(torch.bfloat16)


def prepare_cumulative():
    """The same, its running statistics the means of all batches."""
    return prepare(momentum=None)
