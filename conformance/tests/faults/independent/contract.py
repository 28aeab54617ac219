"""Faults of state, aliasing and the contract with the caller."""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Kernel
from conformance.tests.faults.independent.dx_formula import DVAR
from conformance.tests.faults.independent.edit import TRAINING_DX, Edit, edited
from conformance.tests.faults.independent.param_gradients import RETURNED
from conformance.tests.faults.independent.running_statistics import UPDATE


def _write(buffer: Array, values: Array) -> None:
    """Overwrite the caller's array, unless numpy guards it."""
    if buffer.flags.writeable:
        buffer[...] = values


def _multiplied_in_place(slope: Array, gamma: Array, inv_std: Array, expanded: Array) -> Array:
    """`slope` times gamma inv_std, once for every element that lies at the same address."""
    strides = zip(expanded.strides, expanded.shape, strict=True)
    shared = tuple(a for a, (stride, n) in enumerate(strides) if stride == 0 and n > 1)
    if not shared:
        return slope * gamma * inv_std
    every = np.broadcast_to(gamma * inv_std, slope.shape)
    written: Array = slope * np.prod(every, axis=shared, keepdims=True)
    return written


KERNELS: dict[str, Kernel] = {
    "param-grads-keepdim": edited(
        Edit(
            "found |= layer.backward(inputs.dy.astype(layer.work))",
            "gradients = layer.backward(inputs.dy.astype(layer.work))\n"
            "found |= gradients\n"
            "keep = {n: v.shape for n, v in gradients.items()}",
        ),
        Edit(
            "return finish(inputs, found)",
            "out = finish(inputs, found)\n"
            "if inputs.dy is not None:\n"
            "    out |= {n: v.reshape(keep[n]) for n, v in out.items() if n in keep}\n"
            "return out",
        ),
    ),
    "input-mutated": edited(
        Edit(
            'return {"y": y, "inv_std": inv_std, **found}',
            'write(self.inputs.x, xmu)\nreturn {"y": y, "inv_std": inv_std, **found}',
        ),
        write=_write,
    ),
    "running-update-clobbers-affine": edited(
        Edit(
            UPDATE,
            UPDATE + "\n"
            "given = self.inputs\n"
            "for buffer, parameter, name in (\n"
            '    (given.running_var, given.gamma, "gamma"),\n'
            '    (given.running_mean, given.beta, "beta"),\n'
            "):\n"
            "    if buffer is None or parameter is None:\n"
            "        continue\n"
            "    if np.shares_memory(buffer, parameter):\n"
            '        new = self.running_var if name == "gamma" else self.running_mean\n'
            "        setattr(self, name, new.astype(buffer.dtype).astype(self.work))",
        )
    ),
    "output-dtype-promoted": edited(
        Edit(
            "return finish(inputs, found)",
            'out = finish(inputs, found)\nreturn {**out, "y": out["y"].astype(np.float64)}',
        )
    ),
    "std-gradient-nan-constant-channel": edited(
        Edit(DVAR, DVAR + "\ndvar = np.where(self.var == 0, dvar.dtype.type(np.nan), dvar)")
    ),
    "gamma-none-is-zero": edited(
        Edit("self.gamma = self.read(inputs.gamma, 1)", "self.gamma = self.read(inputs.gamma, 0)")
    ),
    "empty-batch-nan": edited(Edit("if self.M == 0:", "if self.M < 0:")),
    "grad-mask-path": edited(
        Edit(
            RETURNED,
            "if self.inputs.gamma is None:\n"
            "    dbeta = np.zeros_like(dbeta)\n"
            "if self.inputs.beta is None:\n"
            "    dgamma = np.zeros_like(dgamma)\n" + RETURNED,
        )
    ),
    "inverted-activation-output": edited(
        Edit(
            TRAINING_DX,
            "local = in_place(dy, self.gamma, inv_std, self.inputs.dy)\n"
            "dx = local + dvar * 2 * xmu / self.M + dmu / self.M",
        ),
        in_place=_multiplied_in_place,
    ),
}
