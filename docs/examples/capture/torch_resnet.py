"""A residual network on synthetic images; `conformance capture torch_resnet.py:prepare`."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


class Block(nn.Module):
    """Two convolutions around which the input goes past."""

    def __init__(self, channels: int) -> None:
        """Make it for so many channels."""
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add what the convolutions find to the input."""
        inner = self.relu(self.bn1(self.conv1(x)))
        return self.relu(x + self.bn2(self.conv2(inner)))


def prepare(autocast=None, layout=torch.contiguous_format):
    """A model and one step of its training."""
    torch.manual_seed(0)
    model = nn.Sequential()
    model.add_module("stem", nn.Conv2d(3, 16, 3, padding=1, bias=False))
    model.add_module("bn", nn.BatchNorm2d(16))
    model.add_module("layer1", Block(16))
    model.add_module("layer2", Block(16))
    model.add_module(
        "head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    )
    model = model.to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    images = torch.randn(64, 3, 14, 14).to(memory_format=layout)
    labels = torch.randint(10, (64,))

    def step():
        chosen = torch.randint(64, (8,))
        optimizer.zero_grad()
        with torch.autocast("cpu", autocast, enabled=autocast is not None):
            loss = cross_entropy(model(images[chosen]), labels[chosen])
        loss.backward()
        optimizer.step()

    return model, step


def prepare_autocast():
    """The same in bfloat16, as torch.autocast computes it, with the channels last."""
    return prepare(torch.bfloat16, torch.channels_last)
