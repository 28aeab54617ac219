"""An adapter whose paths depend on switches and on what its machine has; for the tests.

As a framework does, it reads its switch when it is imported.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path as FilePath

import numpy as np

from conformance.adapter import Adapter, Path, Probe
from conformance.case import Actual, Inputs

SWITCH = "CONFORMANCE_TEST_SWITCH"
AT_IMPORT = os.environ.get(SWITCH, "none")

TRAIT = "CONFORMANCE_TEST_TRAIT"
"""What the machine shows: "yes", or anything else."""

ASKED = "CONFORMANCE_TEST_ASKED"
"""Names a file to which every probe adds a line."""


def told(inputs: Inputs) -> Actual:
    """Tell in the mean how the switch stood at the import."""
    return {"mean": np.full(inputs.channel_shape, float(AT_IMPORT))}


def ask(answer: str | Exception | None) -> str | None:
    """Answer as a machine would, or fail."""
    if ASKED in os.environ:
        with FilePath(os.environ[ASKED]).open("a") as file:
            file.write("asked\n")
    if isinstance(answer, Exception):
        raise answer
    return answer


def probed(
    name: str, answer: str | Exception | None, outputs: tuple[str, ...] = (), *, all_: bool = True
) -> Path:
    """A path with one probe, which concerns every call or those in float64."""
    return Path(
        name=name,
        about="",
        run=told,
        switches={SWITCH: "1"},
        probes=(
            Probe(
                name="the kernel",
                concerns=lambda inputs: all_ or inputs.x.dtype == np.float64,
                ask=partial(ask, answer),
                outputs=outputs,
            ),
        ),
    )


ADAPTER = Adapter(
    name="switched",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=(
        Path(name="one", about="", run=told, switches={SWITCH: "1"}),
        Path(name="two", about="", run=told, switches={SWITCH: "2"}),
        Path(name="inherits", about="", run=told),
        probed("able", None),
        probed("unable", "no such instruction"),
        probed("partly", "no such instruction", ("var",)),
        probed("returns", "no such instruction", ("mean",)),
        probed("elsewhere", "no such instruction", all_=False),
        probed("broken", RuntimeError("boom")),
    ),
    traits={
        "told": lambda: os.environ.get(TRAIT, "yes") == "yes",
        "always": lambda: True,
    },
    reproduce=lambda path, _inputs, _output: f"import os\nprint(os.environ[{SWITCH!r}], {path!r})",
)
