"""A deployed block as a PyTorch module in eval mode, as a person would write it.

Modules take channels second; blocks with channels last are turned on the way in and back, and so is
a linear layer's output where its last axis is what is normalized.
"""

from __future__ import annotations

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.block import Norm, Product
from conformance.case import Inputs
from conformance.errors import Unsupported

from ..torch.calling import tensor

_CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_NORMS = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}


class Model(nn.Module):  # type: ignore[misc, unused-ignore]  # untyped without PyTorch
    """One block; what it does not have is None.

    Attributes:
        op: The product.
        norm: Its normalization.
        second: The other normalization of the same product.
        turned: Whether the channels of what is normalized lie last, behind a linear layer.
    """

    def __init__(self, inputs: Inputs) -> None:
        """Make the layers and give them their numbers."""
        super().__init__()
        block = inputs.block
        if block is None:
            raise Unsupported("no block: this is a path of deployment")
        self.norm_first, self.skip_first = block.norm_first, block.skip_first
        self.has_relu = block.relu
        self.turned = _turned(inputs)
        self.op = None if block.product is None else _product(block.product)
        rank = inputs.x.ndim
        self.norm = _norm(rank, inputs.eps, inputs)
        self.second = None if block.second is None else _norm(rank, inputs.eps, block.second)
        self.eval()

    def normalized(self, z: Tensor) -> Tensor:
        """The normalization alone."""
        return self.norm(z.transpose(1, -1)).transpose(1, -1) if self.turned else self.norm(z)

    def forward(self, x: Tensor) -> Tensor:
        """The block without a sum."""
        return self.block(x, None)

    def block(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """The block."""
        if self.norm_first:
            y = self.normalized(x)
            y = y if self.op is None else self.op(y)
        else:
            z = x if self.op is None else self.op(x)
            if self.skip_first and skip is not None:
                z = z + skip
            y = self.normalized(z)
            if self.second is not None and self.op is not None:
                y = y + self.second(self.op(x))
        if not self.skip_first and skip is not None:
            y = y + skip
        return torch.relu(y) if self.has_relu else y


class Sum(Model):
    """A block with a sum: it is called with what is added."""

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:  # type: ignore[override, unused-ignore]  # modules may
        """The block."""
        return self.block(x, skip)


def made(inputs: Inputs) -> Model:
    """The model of a call."""
    has_skip = inputs.block is not None and inputs.block.skip is not None
    return Sum(inputs) if has_skip else Model(inputs)


def _turned(inputs: Inputs) -> bool:
    """Whether a linear layer's last axis is normalized, and is not the second."""
    product = None if inputs.block is None else inputs.block.product
    linear = product is not None and product.kind == "linear"
    return linear and inputs.x.ndim > 2 and inputs.channel_axes[0] == inputs.x.ndim - 1  # noqa: PLR2004 - with one axis they are the same


def is_last(inputs: Inputs) -> bool:
    """Whether x is to be turned to have its channels second."""
    return inputs.channel_axes[0] != 1 and not _turned(inputs)


def given(inputs: Inputs) -> tuple[Tensor, ...]:
    """What the model takes, as tensors: x, and the skip where there is one."""
    skip = None if inputs.block is None else inputs.block.skip
    arrays = [inputs.x] if skip is None else [inputs.x, skip]
    tensors = [tensor(a) for a in arrays]
    return tuple(_second_axis(t) for t in tensors) if is_last(inputs) else tuple(tensors)


def back(y: Tensor, inputs: Inputs) -> Tensor:
    """What the model gave, in the layout of the inputs."""
    return y.movedim(1, -1) if is_last(inputs) else y


def _second_axis(t: Tensor) -> Tensor:
    return t.movedim(-1, 1).contiguous()


def _product(product: Product) -> nn.Module:
    weight, spatial = tensor(product.weight), len(product.stride)
    bias = product.bias is not None
    if product.kind == "linear":
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias)
    else:
        transposed = product.kind == "conv_transpose"
        made = (_TRANSPOSED if transposed else _CONVS)[spatial]
        more = {"output_padding": product.output_padding} if transposed else {}
        inside = weight.shape[0] if transposed else weight.shape[1] * product.groups
        layer = made(
            inside,
            product.channels,
            weight.shape[2:],
            stride=product.stride,
            padding=product.padding,
            dilation=product.dilation,
            groups=product.groups,
            bias=bias,
            **more,
        )
    layer.weight = nn.Parameter(weight)
    if product.bias is not None:
        layer.bias = nn.Parameter(tensor(product.bias))
    return layer


def _norm(rank: int, eps: float, of: Inputs | Norm) -> nn.Module:
    given = (of.gamma, of.beta, of.running_mean, of.running_var)
    gamma, beta, mean, var = (None if a is None else tensor(a) for a in given)
    if gamma is None or beta is None or mean is None or var is None:
        raise Unsupported("a normalization without gamma, beta or statistics")
    layer = _NORMS[rank](len(mean), eps=eps)
    layer.weight, layer.bias = nn.Parameter(gamma), nn.Parameter(beta)
    layer.running_mean, layer.running_var = mean, var
    return layer
