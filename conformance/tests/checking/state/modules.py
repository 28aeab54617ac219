"""PyTorch modules that carry something from call to call, wrong ones and honest ones."""

# ruff: noqa: D102, D107, PLR0917 - the class names say what each one does
from __future__ import annotations

from typing import Any

import torch  # type: ignore[import-not-found, unused-ignore]  # not always there
from torch import nn  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.utils.checkpoint import (  # type: ignore[import-not-found, unused-ignore]  # the same
    checkpoint,
)

_DECLARED = {"ranks": [4], "dtypes": ["float32", "float64"]}


class _Base(nn.Module):  # type: ignore[misc, unused-ignore]  # PyTorch is not always there
    """Batch normalization by its formula, in pieces that the classes below change."""

    conformance = _DECLARED

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def _update(self, mean: Any, var: Any, M: int) -> None:
        with torch.no_grad():
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (var * M / (M - 1) - self.running_var)

    def _statistics(self, x: Any) -> tuple[Any, Any]:
        if not self.training:
            return self.running_mean, self.running_var
        var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        self._update(mean, var, x.numel() // x.shape[1])
        return mean, var

    def _scale(self, var: Any) -> Any:
        return self.weight / torch.sqrt(var + self.eps)

    def forward(self, x: Any) -> Any:
        mean, var = self._statistics(x)
        scale = self._scale(var)
        shape = (1, -1, 1, 1)
        return (x - mean.view(shape)) * scale.view(shape) + self.bias.view(shape)


class KeepsInvStd(_Base):
    """Its test mode folds the running variance once, and again after training alone."""

    kept: Any = None

    def _scale(self, var: Any) -> Any:
        if self.training:
            self.kept = None
            return super()._scale(var)
        if self.kept is None:
            self.kept = 1 / torch.sqrt(var + self.eps)
        return self.weight * self.kept


class StaleAfterTraining(_Base):
    """Its test mode folds weights once and for all."""

    kept: Any = None

    def _scale(self, var: Any) -> Any:
        if self.training:
            return super()._scale(var)
        if self.kept is None:
            self.kept = super()._scale(var).detach()
        return self.kept


class CountsBatches(_Base):
    """From its third batch on its momentum is another."""

    seen = 0

    def _update(self, mean: Any, var: Any, M: int) -> None:
        self.seen += 1
        if self.seen == 3:
            self.momentum = self.momentum / 2
        super()._update(mean, var, M)


class SharesBuffers(_Base):
    """A deep copy has the buffers of the original."""

    def __deepcopy__(self, memo: Any) -> Any:
        made = type(self)(len(self.weight), self.eps, self.momentum).to(self.weight.dtype)
        made.load_state_dict(self.state_dict())
        made.running_mean, made.running_var = self.running_mean, self.running_var
        return made


class LosesBuffers(_Base):
    """A pickle leaves the running statistics behind."""

    def __getstate__(self) -> dict[str, Any]:
        fresh = {"running_mean": torch.zeros_like(self.running_mean)}
        fresh["running_var"] = torch.ones_like(self.running_var)
        return {**self.__dict__, "_buffers": fresh}


class UpdatesByHook(_Base):
    """Its running statistics are updated by a hook of its own."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        self.register_forward_hook(type(self).late)

    def _update(self, mean: Any, var: Any, M: int) -> None:
        self.told = (mean.detach(), var.detach(), M)

    def late(self, _given: Any, _found: Any) -> None:
        if self.training:
            super()._update(*self.told)


class _Saving(torch.autograd.Function):  # type: ignore[misc, unused-ignore]  # as above
    """y, with a backward that takes the statistics from the module, and may give away a buffer."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, module: Any, mean: Any, var: Any) -> Any:
        shape = (1, -1, 1, 1)
        inv_std = 1 / torch.sqrt(var + module.eps)
        module.saved = (mean, inv_std)
        ctx.module, ctx.own = module, (mean, inv_std)
        ctx.save_for_backward(x, weight)
        return (x - mean.view(shape)) * (inv_std * weight).view(shape) + bias.view(shape)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, weight = ctx.saved_tensors
        module, shape, rest = ctx.module, (1, -1, 1, 1), (0, 2, 3)
        mean, inv_std = module.saved if module.borrows else ctx.own
        x_hat = (x - mean.view(shape)) * inv_std.view(shape)
        dbeta, dgamma = dy.sum(rest), (dy * x_hat).sum(rest)
        M = dy.numel() // dy.shape[1]
        inner = (dbeta.view(shape) + x_hat * dgamma.view(shape)) / M if module.training else 0.0
        factor = inv_std if module.forgets and not ctx.needs_input_grad[1] else weight * inv_std
        if module.overwrites and module.training:
            module.total = dgamma if module.total is None else module.total
            dgamma = module.total
        return factor.view(shape) * (dy - inner), dgamma, dbeta, None, None, None


class SavesOnItself(_Base):
    """Its backward takes the statistics of the last forward, whichever that was."""

    borrows, forgets, overwrites, total = True, False, False, None

    def forward(self, x: Any) -> Any:
        mean, var = self._statistics(x.detach())
        return _Saving.apply(x, self.weight, self.bias, self, mean.clone(), var.clone())


class WrongWhenFrozen(SavesOnItself):
    """Its dx forgets gamma where gamma asks for no gradient."""

    borrows, forgets = False, True


class KeepsItsGradient(SavesOnItself):
    """Its dgamma is that of the first backward pass, again and again."""

    borrows, overwrites = False, True


class HonestFunction(SavesOnItself):
    """The same autograd function with statistics of its own."""

    borrows = False


class RecomputesTwice(_Base):
    """It recomputes its own forward pass, statistics included."""

    def forward(self, x: Any) -> Any:
        return checkpoint(super().forward, x, use_reentrant=False)


class HonestFold(_Base):
    """Its test mode keeps folded weights under a key of all that they were made of."""

    kept: Any = (None, None)

    def _scale(self, var: Any) -> Any:
        if self.training or torch.is_grad_enabled():
            return super()._scale(var)
        key = (*self.weight.tolist(), *var.tolist())
        if self.kept[0] != key:
            self.kept = (key, super()._scale(var))
        return self.kept[1]


class HonestOnce(_Base):
    """It recomputes its forward pass, and updates the statistics at the first time alone."""

    def forward(self, x: Any) -> Any:
        first = [True]

        def passed(x: Any) -> Any:
            mean, var = self._seen(x, update=first[0])
            first[0] = False
            shape = (1, -1, 1, 1)
            return (x - mean.view(shape)) * self._scale(var).view(shape) + self.bias.view(shape)

        return checkpoint(passed, x, use_reentrant=False)

    def _seen(self, x: Any, *, update: bool) -> tuple[Any, Any]:
        if not self.training or update:
            return self._statistics(x)
        var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        return mean, var


class AveragesOneTooMany(nn.BatchNorm2d):  # type: ignore[misc, unused-ignore]  # the same
    """PyTorch's own, whose cumulative average counts one batch too many."""

    conformance = _DECLARED

    def forward(self, x: Any) -> Any:
        if self.momentum is not None or not self.training:
            return super().forward(x)
        self.num_batches_tracked += 1
        factor = 1 / (int(self.num_batches_tracked) + 1)
        held = (self.running_mean, self.running_var, self.weight, self.bias, self.training)
        return nn.functional.batch_norm(x, *held, factor, self.eps)
