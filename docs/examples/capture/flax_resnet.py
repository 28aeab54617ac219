"""A residual block of nnx on synthetic images; `conformance capture flax_resnet.py:prepare`."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx


class Block(nnx.Module):
    """A convolution around which the input goes past."""

    def __init__(self, channels: int, rngs: nnx.Rngs) -> None:
        """Make it for so many channels."""
        self.conv = nnx.Conv(channels, channels, (3, 3), use_bias=False, rngs=rngs)
        self.bn = nnx.BatchNorm(channels, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Add what the convolution finds to the input."""
        return nnx.relu(x + self.bn(self.conv(x)))


class Images(nnx.Module):
    """Two blocks between a stem and a head."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        """Make it."""
        self.stem = nnx.Conv(3, 8, (3, 3), rngs=rngs)
        self.blocks = nnx.List([Block(8, rngs), Block(8, rngs)])
        self.head = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Guess a number from each image."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((1, 2)))


def prepare():
    """A model and one step of its training, compiled."""
    model, drawn = Images(nnx.Rngs(0)), np.random.default_rng(0)
    images = drawn.normal(size=(16, 10, 10, 3)).astype(np.float32)
    wanted = drawn.normal(size=(16, 1)).astype(np.float32)

    @nnx.jit
    def trained(model, x, y):
        gradients = nnx.grad(lambda m: jnp.mean((m(x) - y) ** 2))(model)
        parameters = nnx.state(model, nnx.Param)
        nnx.update(model, jax.tree.map(lambda p, g: p - 0.01 * g, parameters, gradients))

    return model, lambda: trained(model, images, wanted)
