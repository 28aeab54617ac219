"""Tests of adapters/numba_cuda that look at the code its kernels become; no GPU is needed."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance import adapter

for _package in ("numba", "numba_cuda"):
    if importlib.util.find_spec(_package) is None:
        pytest.skip(f"{_package} is not installed here", allow_module_level=True)

CHILD_SECONDS = 240


def test_kernels_compile_to_ptx() -> None:
    """Every kernel compiles for a GPU: plain loads, no fast math, no division in any loop."""
    # By its path: where the package is installed, this module has no name that can be imported.
    code = f"import runpy; runpy.run_path({__file__!r})['print_ptx_facts']()"
    told = json.loads(_child(code).splitlines()[-1])
    if isinstance(told, str):
        pytest.skip(f"a compiler library of CUDA is not installed here: {told}")
    assert len(told) == 32
    for name, facts in told.items():
        assert facts["loads"] > 0, name
        assert facts["loops"] > 0, name
        assert facts["integer divisions in loops"] == 0, name
        assert facts["approximate"] == facts["spilled"] == 0, name
        reduces = not name.startswith(("normalize", "input_gradient"))
        assert bool(facts["shuffles"]) == (reduces and "channels_first" in name), name
    for name, facts in told.items():
        if name.startswith("persistent_"):
            again = told[name.removeprefix("persistent_")]
            # What is kept is loaded from the chip instead.
            assert facts["loads"] < again["loads"], name
            assert facts["loads on the chip"] > again["loads on the chip"], name


def _child(code: str) -> str:
    """Run `code` in a process whose Numba is not the simulator, which cannot compile."""
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "NUMBA_ENABLE_CUDASIM": "0"},
        capture_output=True,
        text=True,
        timeout=CHILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def print_ptx_facts() -> None:
    """Print facts about the PTX of every kernel as JSON; or, as a string, what is missing."""
    pathfinder = importlib.import_module("cuda.pathfinder")
    try:
        for library in ("nvvm", "nvrtc"):
            pathfinder.load_nvidia_dynamic_lib(library)
    except pathfinder.DynamicLibNotFoundError as error:
        print(json.dumps(str(error).splitlines()[0]))  # noqa: T201 - told to the parent process
        return
    # Numba asks the device for its compute capability when it compiles device functions; this
    # stands in for the device that is not there.
    dispatcher: Any = importlib.import_module("numba.cuda.dispatcher")
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(9, 0))
    adapter.load("numba_cuda")
    facts = {}
    for real in (np.float32, np.float64):
        for channels_last in (False, True):
            layout = "channels_last" if channels_last else "channels_first"
            for name, ptx in _ptx(real, channels_last=channels_last).items():
                facts[f"{name} {real.__name__} {layout}"] = _facts(ptx)
    print(json.dumps(facts))  # noqa: T201 - told to the parent process


def _ptx(real: type[Any], *, channels_last: bool) -> dict[str, str]:
    """PTX of the eight kernels, by name."""
    numba: Any = importlib.import_module("numba")
    number = numba.from_dtype(np.dtype(real))
    tensor, rows = number[:, :, ::1], number[:, ::1]
    tickets, eps, flag = numba.int32[::1], numba.float64, numba.boolean
    home: Any = sys.modules["conformance._loaded_adapters.numba_cuda"]
    launching = home.launching
    team = launching._team(real, channels_last=channels_last, simulated=False)
    forward, backward = launching._two_pass(team)
    holding, holding_backward = launching._persistent(team)
    statistics, normalize, sums, gradient = launching._welford(team)
    signatures = {
        **dict.fromkeys((forward, holding), (tensor, rows, eps, eps, tensor, rows, rows)),
        **dict.fromkeys(
            (backward, holding_backward), (tensor, tensor, rows, rows, flag, tensor, rows)
        ),
        statistics: (tensor, eps, eps, tensor, tickets, rows, rows),
        normalize: (tensor, rows, rows, tensor),
        sums: (tensor, tensor, rows, tensor, tickets, rows),
        gradient: (tensor, tensor, rows, rows, rows, flag, tensor),
    }
    return {
        kernel.py_func.__name__: launching.cuda.compile_ptx(kernel.py_func, types, cc=(9, 0))[0]
        for kernel, types in signatures.items()
    }


def _facts(ptx: str) -> dict[str, int]:
    lines = ptx.splitlines()
    labels = {line[:-1]: at for at, line in enumerate(lines) if re.fullmatch(r"\$\w+:", line)}
    loops = [
        (labels[target], at)
        for at, line in enumerate(lines)
        for target in re.findall(r"bra(?:\.uni)?\s+(\$\w+);", line)
        if labels[target] < at
    ]
    looped = {at for start, end in loops for at in range(start, end)}
    divides = re.compile(r"\b(?:div|rem)\.[su](?:32|64)")
    return {
        "loops": len(loops),
        "loads": len(re.findall(r"ld\.global\.f(?:32|64)\b", ptx)),
        "loads on the chip": len(re.findall(r"ld\.shared\.f(?:32|64)\b", ptx)),
        "shuffles": ptx.count("shfl.sync"),
        "integer divisions in loops": sum(bool(divides.search(lines[at])) for at in looped),
        "approximate": len(re.findall(r"\.(?:approx|ftz|full)\b", ptx)),
        "spilled": len(re.findall(r"(?:ld|st)\.local", ptx)),
    }
