"""Two networks against each other; `conformance capture torch_gan.py:prepare`."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cost


def prepare():
    """Both networks, and one step of their training: three calls of every layer of the critic."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.ConvTranspose2d(8, 16, 4, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )
    critic = nn.Sequential(
        nn.Conv2d(1, 8, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(8, 16, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(16, 1, 4),
        nn.Flatten(),
    )
    model = nn.ModuleDict({"generator": generator, "critic": critic})
    of_generator = torch.optim.Adam(generator.parameters(), 2e-4, betas=(0.5, 0.999))
    of_critic = torch.optim.Adam(critic.parameters(), 2e-4, betas=(0.5, 0.999))
    real = torch.tanh(torch.randn(32, 1, 16, 16))
    right, wrong = torch.ones(32, 1), torch.zeros(32, 1)

    def step():
        made = generator(torch.randn(32, 8, 1, 1))
        of_critic.zero_grad()
        (cost(critic(real), right) + cost(critic(made.detach()), wrong)).backward()
        of_critic.step()
        of_generator.zero_grad()
        cost(critic(made), right).backward()
        of_generator.step()

    return model, step
