"""Rows of a table: a year, a price and a time, as they come; `flax_tabular.py:prepare`."""

import jax
import numpy as np
from flax import linen as nn


class Table(nn.Module):
    """Normalizes its columns first."""

    fast: bool = True

    @nn.compact
    def __call__(self, x, *, train):
        """Guess a number from each row."""
        x = nn.BatchNorm(not train, use_fast_variance=self.fast, name="columns")(x)
        x = nn.Dense(32, use_bias=False)(x)
        x = nn.relu(nn.BatchNorm(not train, momentum=0.9, name="inner")(x))
        return nn.Dense(1)(x)


def prepare(*, fast=True):
    """A model and one step of its training, compiled."""
    model, drawn = Table(fast), np.random.default_rng(0)
    year = drawn.integers(1950, 2010, 512)
    price = np.exp(8 + 2 * drawn.normal(size=512))
    time = 1.7e9 + 3e4 * drawn.normal(size=512)  # seconds since 1970, within some hours
    table = np.stack([year, price, time], 1).astype(np.float32)
    wanted = drawn.normal(size=(512, 1)).astype(np.float32)
    state = model.init(jax.random.key(0), table[:2], train=False)

    def loss(parameters, statistics, x, y):
        given = {"params": parameters, "batch_stats": statistics}
        guess, kept = model.apply(given, x, train=True, mutable=["batch_stats"])
        return ((guess - y) ** 2).mean(), kept["batch_stats"]

    @jax.jit
    def trained(state, x, y):
        gradients, statistics = jax.grad(loss, has_aux=True)(
            state["params"], state["batch_stats"], x, y
        )
        moved = jax.tree.map(lambda p, g: p - 0.01 * g, state["params"], gradients)
        return {"params": moved, "batch_stats": statistics}

    def step():
        nonlocal state
        chosen = drawn.integers(512, size=256)
        state = trained(state, table[chosen], wanted[chosen])

    return model, step


def prepare_two_pass():
    """The same, its first variance from deviations: use_fast_variance=False."""
    return prepare(fast=False)
