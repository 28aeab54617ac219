"""Run records for tests of the report: many paths, every status, text that nobody escaped."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.arrays import OUTPUT_NAMES
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status, Worst
from conformance.verdict.record_file import write

NASTY = (
    '<script>alert("1")</script> | `tick` **bold** \u202eright-to-left \x1b[31mred\x00 é 漢 \ud800'
)
"""What a framework may put into a message: markup, control characters, a lone surrogate."""

GROUPS = ("offset", "nonfinite", "tiny", "one-value-per-channel", "running", "momentum", "shapes")
_LAYOUTS = ("NC", "NCL", "NCHW", "NHWC", "NCDHW", "NDHWC", "per-activation")
_DTYPES = ("float32", "float64", "float16", "bfloat16", "float16+float32", "bfloat16+float32")
_PATHS = (
    ("torch", "functional channels_last mkldnn compile decomposition formula", "2.13.0"),
    ("tensorflow", "nn_eager nn_xla fused_nhwc fused_nchw fused_xla keras_layer", "2.21.0"),
    ("jax", "formula_one_pass formula_two_pass xla_hlo linen nnx haiku equinox", "0.11.0"),
    ("keras", "torch jax numpy", "3.12.0"),
    ("numba-cuda", "block_per_channel two_kernels persistent", "0.30.1"),
    ("onnxruntime", "opset15_training opset15 opset9", "1.28.0"),
    ("tinygrad", "batchnorm", "0.14.0"),
    ("mlx", "module", "0.32.0"),
)


DIGEST = "abc0" * 16
"""The digest of a catalogue that is nobody's."""


def passed(units: float = 3.2, grade: str = "A") -> OutputResult:
    """An output within its bound."""
    bound = 1.6e-7
    # A little more than the units tell, so that no rounding makes less of it.
    actual = 0.25 + units / 16 * bound * (1 + 1e-7)
    worst = Worst(index=(0, 1), actual=actual, expected=0.25, bound=bound)
    return OutputResult(status=Status.PASS, grade=grade, units=units, worst=worst)


def failed(
    units: float | None = 812.5,
    status: Status = Status.FAIL,
    reason: str | None = None,
    actual: float = 0.5,
) -> OutputResult:
    """An output out of its bound; the actual value may be NaN."""
    worst = Worst(index=(0, 3), actual=actual, expected=0.25, bound=1.2e-7)
    grade = "C" if status is Status.DEGRADED else "F"
    return OutputResult(status=status, grade=grade, units=units, worst=worst, reason=reason)


def silent(status: Status, reason: str = "no float64 kernel") -> OutputResult:
    """An output that was not compared."""
    return OutputResult(status=status, reason=reason)


EVERY: Mapping[Status, OutputResult] = {
    Status.PASS: passed(),
    Status.DEGRADED: failed(190.0, Status.DEGRADED, "starts at mean/std 100"),
    Status.FAIL: failed(),
    Status.UNSUPPORTED: silent(Status.UNSUPPORTED),
    Status.ERROR: silent(Status.ERROR, "ValueError: bad axis"),
    Status.CRASH: silent(Status.CRASH, "killed by SIGSEGV"),
    Status.TIMEOUT: silent(Status.TIMEOUT, "no answer in 60 s"),
    Status.NOT_RUN: silent(Status.NOT_RUN, "2 s of compilation per case"),
    Status.EXPECTED_FAIL: failed(None, Status.EXPECTED_FAIL, "one-pass variance", math.nan),
    Status.UNEXPECTED_PASS: OutputResult(
        status=Status.UNEXPECTED_PASS, grade="A", units=1.0, reason="was: one-pass variance"
    ),
    Status.FLAKY: silent(
        Status.FLAKY, "comes and goes, failed in 3 of 4 tries [this time timeout]"
    ),
}
"""One output of each status."""


def case(
    outputs: Mapping[str, OutputResult],
    name: str = "offset/1e4",
    *,
    mode: str = "train",
    layout: str = "NCHW",
    dtype: str = "float32",
    stderr: str | None = None,
) -> CaseResult:
    """One case; its group is the first part of its name."""
    return CaseResult(
        case=name,
        group=name.split("/", maxsplit=1)[0],
        mode=mode,
        layout=layout,
        dtype=dtype,
        outputs=outputs,
        repro=f"conformance run torch/functional --case {name}",
        seconds=0.01,
        stderr=stderr,
    )


def record(
    cases: Sequence[CaseResult],
    path: str = "torch/functional",
    *,
    version: str = "2.13.0",
    device: str = "cpu",
    digest: str = DIGEST,
) -> RunRecord:
    """The record of one path."""
    adapter, name = path.split("/")
    return RunRecord(
        adapter=adapter,
        path=name,
        about=f"{adapter}: what {name} calls",
        versions={adapter: version, "numpy": "2.4.1"},
        device=device,
        dialect={
            "running_var": "unbiased",
            "eps": "inside",
            "momentum": "new",
            "saves": "inv_std",
            "layout": "any",
        },
        catalogue={"digest": digest, "cases": 400},
        started="2026-05-04T03:02:01+00:00",
        seconds=12.5,
        cases=tuple(cases),
    )


def every_status() -> RunRecord:
    """A record in which each of the eleven statuses occurs once, each in a case of its own."""
    return record([case({"y": out}, f"offset/{status}") for status, out in EVERY.items()])


def many(count: int = 30, cases: int = 400, seed: int = 7) -> list[RunRecord]:
    """Records of `count` paths on the same cases, as alike to real ones as can be invented."""
    chance = random.Random(seed)  # noqa: S311 - no secret depends on it
    plans = [_plan(index) for index in range(cases)]
    named = [(f"{a}/{p}", v) for a, paths, v in _PATHS for p in paths.split()]
    devices = ("cpu", "simulator", "cuda: NVIDIA H200")
    return [
        record(
            [_made(chance, number, path, plan) for plan in plans],
            path,
            version=version,
            device=devices[2 if number >= len(named) else path.startswith("numba")],
        )
        for number, (path, version) in list(enumerate(named * 2))[:count]
    ]


def save(records: Sequence[RunRecord], folder: Path) -> Path:
    """Write records as the lead's pipeline does: ``<adapter>/<path>.json``."""
    for each in records:
        device = "" if each.device == "cpu" else f"-{each.device[:4]}"
        write(each, folder / each.adapter / f"{each.path}{device}.json")
    return folder


def _plan(index: int) -> tuple[str, str, str, str]:
    group = GROUPS[index % len(GROUPS)]
    layout = _LAYOUTS[index * 5 % 7 if index % 3 else 2]
    mode = "test" if index % 4 == 3 else "train"
    return (f"{group}/case-{index}", mode, layout, _DTYPES[index // 2 % 6])


def _made(
    chance: random.Random, number: int, path: str, plan: tuple[str, str, str, str]
) -> CaseResult:
    name, mode, layout, dtype = plan
    due = [o for o in OUTPUT_NAMES if mode == "train" or o not in ("mean", "var")]
    whole = _whole_case(chance, number, layout, dtype)
    outputs = {o: whole or _drawn(chance, path, name) for o in due}
    died = any(o.status is Status.CRASH for o in outputs.values())
    stderr = f"Fatal Python error: {NASTY}\n  File kernel.cu" if died else None
    return case(outputs, name, mode=mode, layout=layout, dtype=dtype, stderr=stderr)


def _whole_case(chance: random.Random, number: int, layout: str, dtype: str) -> OutputResult | None:
    if layout == "per-activation" and number % 5:
        return silent(Status.UNSUPPORTED, "no per-activation mode")
    if dtype == "float64" and number % 7 == 3:
        return silent(Status.UNSUPPORTED, "no float64 " + "kernel was registered " * 4)
    if number % 9 == 4 and chance.random() < 0.7:
        return silent(Status.NOT_RUN, "2 s of compilation per case")
    if number % 6 == 2 and chance.random() < 0.01:
        status = chance.choice([Status.CRASH, Status.ERROR, Status.TIMEOUT])
        return silent(status, f"{status} in kernel: {NASTY}")
    return None


def _drawn(chance: random.Random, path: str, name: str) -> OutputResult:
    draw = chance.random()
    if "xla" in path and name.startswith("offset"):
        reason = "XLA computes the variance in one pass; at mean/std 1e3 it is negative"
        return failed(None, Status.EXPECTED_FAIL, reason, math.nan)
    if path in ("torch/formula", "numba-cuda/persistent") and draw < 0.1:
        actual = chance.gauss(0, 1)
        reason = (
            f"{actual!r} at [0, 3], expected 0.25: off by 3, bound 1.2e-07 (3 of 9 elements out)"
        )
        return failed(10 ** chance.uniform(1.3, 7), reason=reason, actual=actual)
    if draw < 0.002 and "keras" in path:
        return failed(None, reason="NaN where a number is due", actual=math.nan)
    if draw < 0.02:
        return failed(chance.uniform(20, 3e3), Status.DEGRADED, "one-pass variance at 1e3")
    if draw > 0.9995 and "jax" in path:
        return EVERY[Status.UNEXPECTED_PASS]
    grade = "B" if draw > 0.9 else "A"
    return passed(chance.uniform(0, 16) if grade == "A" else chance.uniform(16, 90), grade)
