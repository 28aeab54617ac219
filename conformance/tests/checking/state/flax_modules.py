"""Flax modules that carry something from call to call, wrong ones and honest ones."""

# ruff: noqa: D102, D107 - the class names say what each one does
from __future__ import annotations

from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # not always there
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
from flax import linen, nnx  # type: ignore[import-not-found, unused-ignore]  # the same

_DECLARED = {"ranks": [4], "dtypes": ["float32", "float64"]}


class HonestNnx(nnx.Module):  # type: ignore[misc, unused-ignore]  # Flax is not always there
    """Batch normalization by its formula, in pieces that the classes below change."""

    conformance = _DECLARED

    def __init__(
        self, num_features: int, *, momentum: float = 0.99, epsilon: float = 1e-5, **stored: Any
    ) -> None:
        self.scale = nnx.Param(jnp.ones(num_features))
        self.bias = nnx.Param(jnp.zeros(num_features))
        self.mean = nnx.BatchStat(jnp.zeros(num_features), **stored)
        self.var = nnx.BatchStat(jnp.ones(num_features), **stored)
        self.momentum, self.epsilon, self.use_running_average = momentum, epsilon, False

    def update(self, mean: Any, var: Any) -> None:
        for kept, new in ((self.mean, mean), (self.var, var)):
            moved = (1 - self.momentum) * (jax.lax.stop_gradient(new) - kept[...])
            kept[...] = kept[...] + moved

    def statistics(self, x: Any) -> tuple[Any, Any]:
        if self.use_running_average:
            return self.mean[...], self.var[...]
        mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        self.update(mean, var)
        return mean, var

    def factor(self, var: Any) -> Any:
        return self.scale[...] / jnp.sqrt(var + self.epsilon)

    def __call__(self, x: Any) -> Any:
        mean, var = self.statistics(x)
        return (x - mean) * self.factor(var) + self.bias[...]


class HonestBlock(nnx.Module):  # type: ignore[misc, unused-ignore]  # as above
    """A module with Flax's own layer in it, which is told the mode when it is called."""

    conformance = _DECLARED

    def __init__(self, channels: int, momentum: float, epsilon: float, rngs: Any) -> None:
        options = {"momentum": momentum, "epsilon": epsilon, "rngs": rngs}
        self.inner = nnx.BatchNorm(channels, use_fast_variance=False, **options)

    def __call__(self, x: Any, training: bool) -> Any:
        return self.inner(x, use_running_average=not training)


class HonestFold(HonestNnx):
    """Its test mode keeps the root beside the variance that it was made of."""

    def __init__(self, num_features: int, **options: Any) -> None:
        super().__init__(num_features, **options)
        self.of, self.root = nnx.Cache(jnp.ones(num_features)), nnx.Cache(jnp.ones(num_features))

    def factor(self, var: Any) -> Any:
        if not self.use_running_average:
            return super().factor(var)
        kept = self.root[...].astype(var.dtype)
        fresh = jnp.where(self.of[...] == var, kept, jnp.sqrt(var + self.epsilon))
        self.of.set_value(var)
        self.root.set_value(fresh)
        return self.scale[...] / fresh


class StopsUpdating(HonestNnx):
    """After its first call in test mode it updates no statistics any more."""

    done = False

    def update(self, mean: Any, var: Any) -> None:
        if not self.done:
            super().update(mean, var)

    def __call__(self, x: Any) -> Any:
        self.done = self.done or self.use_running_average
        return super().__call__(x)


class KeepsInvStd(HonestNnx):
    """Its test mode takes the variance that it saw when it was first in test mode."""

    kept: Any = None

    def factor(self, var: Any) -> Any:
        if not self.use_running_average:
            return super().factor(var)
        if self.kept is None:
            self.kept = nnx.Cache(1 / jnp.sqrt(var + self.epsilon))
        return self.scale[...] * self.kept[...]


class StaleWeights(HonestNnx):
    """Its test mode folds gamma into its factor once and for all."""

    kept: Any = None

    def factor(self, var: Any) -> Any:
        if not self.use_running_average:
            return super().factor(var)
        if self.kept is None:
            self.kept = nnx.Cache(self.scale[...])
        return self.kept[...] / jnp.sqrt(var + self.epsilon)


class KeepsItsShape(HonestNnx):
    """It divides by the number of values that its first batch had."""

    count = 0

    def statistics(self, x: Any) -> tuple[Any, Any]:
        if self.use_running_average:
            return self.mean[...], self.var[...]
        self.count = self.count or x.size // x.shape[-1]
        mean = x.sum((0, 1, 2)) / self.count
        var = ((x - mean) ** 2).sum((0, 1, 2)) / self.count
        self.update(mean, var)
        return mean, var


class CountsBatches(HonestNnx):
    """From its third batch on its momentum is another."""

    seen = 0

    def update(self, mean: Any, var: Any) -> None:
        self.seen += 1
        if self.seen == 3:
            self.momentum = self.momentum / 2
        super().update(mean, var)


class SharesStatistics(HonestNnx):
    """A deep copy has the statistics of the original."""

    def __deepcopy__(self, memo: Any) -> Any:
        made = nnx.clone(self)
        made.mean, made.var = self.mean, self.var
        return made


class LosesStatistics(HonestNnx):
    """A pickle leaves the running statistics behind."""

    def __getstate__(self) -> dict[str, Any]:
        zero = nnx.BatchStat(jnp.zeros_like(self.mean[...]))
        return {**super().__getstate__(), "mean": zero}


class _Shared:
    """A place for what a module keeps that Flax does not see, and a clone does not copy."""

    def __init__(self) -> None:
        self.kept: Any = None


class SharesItsFold(HonestNnx):
    """Its test mode keeps its root in a place that its clones have too, and empties in training."""

    def __init__(self, num_features: int, **options: Any) -> None:
        super().__init__(num_features, **options)
        self.place = nnx.static(_Shared())

    def factor(self, var: Any) -> Any:
        if not self.use_running_average:
            self.place.kept = None
            return super().factor(var)
        if isinstance(var, jax.core.Tracer):
            return super().factor(var)
        if self.place.kept is None:
            self.place.kept = jnp.sqrt(var + self.epsilon)
        return self.scale[...] / self.place.kept


class LeaksATracer(HonestNnx):
    """It keeps the last variance where compiled calls leave what is no array any more."""

    def __init__(self, num_features: int, **options: Any) -> None:
        super().__init__(num_features, **options)
        self.place = nnx.static(_Shared())

    def factor(self, var: Any) -> Any:
        before = 0 if self.place.kept is None else self.place.kept * 0
        self.place.kept = var
        return super().factor(var) + before


class RecomputesTwice(HonestNnx):
    """Its statistics are mutable arrays of JAX, which a recomputation updates once more."""

    def __init__(self, *places: int, **options: Any) -> None:
        super().__init__(*places, **options, ref=True)


class HonestLinen(linen.Module):  # type: ignore[misc, unused-ignore]  # as above
    """The same formula with variables beside the module."""

    momentum: float = 0.99
    epsilon: float = 1e-5
    conformance = _DECLARED

    def root(self, var: Any, *, training: bool) -> Any:
        del training
        return jnp.sqrt(var + self.epsilon)

    @linen.compact  # type: ignore[untyped-decorator, unused-ignore]  # as above
    def __call__(self, x: Any, *, train: bool = True) -> Any:
        shape = (x.shape[-1],)
        mean = self.variable("batch_stats", "mean", jnp.zeros, shape)
        var = self.variable("batch_stats", "var", jnp.ones, shape)
        scale = self.param("scale", linen.initializers.ones, shape)
        bias = self.param("bias", linen.initializers.zeros, shape)
        now = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if train else (mean.value, var.value)
        if train and not self.is_initializing():
            for kept, new in zip((mean, var), now, strict=True):
                kept.value = self.momentum * kept.value + (1 - self.momentum) * new
        return (x - now[0]) / self.root(now[1], training=train) * scale + bias


_ROOTS: dict[object, Any] = {}


class LinenKeepsRoot(HonestLinen):
    """It keeps the first root of its test mode beside Flax, and its clones take it."""

    key: Any = None

    def __post_init__(self) -> None:
        if self.key is None:
            self.key = object()
        super().__post_init__()

    def root(self, var: Any, *, training: bool) -> Any:
        fresh = super().root(var, training=training)
        if training or isinstance(fresh, jax.core.Tracer):
            return fresh
        return _ROOTS.setdefault(self.key, fresh)
