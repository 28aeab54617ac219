"""Environment variables that make this machine act like others, and the cases to try them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SAMPLE = {
    "constant/*": "a one-pass variance is zero or not by one fused multiply-add",
    "count/*": "sums of 1 to 65537 terms, in vectors of any width and a rest that fills none",
    "combined/*": "one value per channel, square arrays, no running statistics",
    "offset/*-10": "the last mean/std at which E[x^2] - mean^2 may still pass",
    "spatial/train-*": "every layout and type, each with kernels of its own",
    "spatial/test-*": "the same in test mode, where some machines have no gradient",
    "volumetric/*": "outputs within a unit of the edge between two grades",
    "memory/strided-*": "strides, which vector instructions cannot load",
    "extremes/*": "subnormal and huge numbers, which a processor may flush or widen",
}
"""Globs of cases, each with why it is in the sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One way to make this machine act like another.

    Attributes:
        name: What it is called in the table.
        variables: What is set in the environment.
        read_by: Beginnings of the packages that read it; empty where any program may.
    """

    name: str
    variables: Mapping[str, str]
    read_by: tuple[str, ...] = ()


_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def _threads(count: int) -> dict[str, str]:
    several = "true" if count > 1 else "false"
    flags = f"--xla_cpu_multi_thread_eigen={several}"
    return {**dict.fromkeys(_THREADS, str(count)), "XLA_FLAGS": flags}


def _onednn(isa: str) -> dict[str, str]:
    return {"ONEDNN_MAX_CPU_ISA": isa, "DNNL_MAX_CPU_ISA": isa}


AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    **_onednn("AVX2"),
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}
SSE4 = {
    "ATEN_CPU_CAPABILITY": "default",
    **_onednn("SSE41"),
    "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
}

HERE = Setting(name="as it is", variables={})
SETTINGS = (
    HERE,
    Setting(name="ATen default", variables={"ATEN_CPU_CAPABILITY": "default"}, read_by=("torch",)),
    Setting(name="ATen avx2", variables={"ATEN_CPU_CAPABILITY": "avx2"}, read_by=("torch",)),
    Setting(name="oneDNN SSE41", variables=_onednn("SSE41"), read_by=("torch", "tensorflow")),
    Setting(name="oneDNN AVX2", variables=_onednn("AVX2"), read_by=("torch", "tensorflow")),
    Setting(name="TF oneDNN 0", variables={"TF_ENABLE_ONEDNN_OPTS": "0"}, read_by=("tensorflow",)),
    Setting(name="TF oneDNN 1", variables={"TF_ENABLE_ONEDNN_OPTS": "1"}, read_by=("tensorflow",)),
    Setting(
        name="XLA SSE4_2",
        variables={"XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2"},
        read_by=("tensorflow", "jax"),
    ),
    Setting(
        name="XLA AVX2",
        variables={"XLA_FLAGS": "--xla_cpu_max_isa=AVX2"},
        read_by=("tensorflow", "jax"),
    ),
    Setting(name="one thread", variables=_threads(1)),
    Setting(name="two threads", variables=_threads(2)),
    Setting(name="all AVX2", variables=AVX2),
    Setting(name="all SSE4", variables=SSE4),
)
"""Settings, the first of which the others are held against."""
