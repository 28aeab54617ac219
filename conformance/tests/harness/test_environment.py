"""The facts of the machine that a record keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.harness import environment
from conformance.harness.environment import MACHINE, SETTINGS, here


@pytest.mark.parametrize(
    ("variable", "counts"),
    [
        ("ATEN_CPU_CAPABILITY", True),
        ("ONEDNN_MAX_CPU_ISA", True),
        ("DNNL_MAX_CPU_ISA", True),
        ("TF_ENABLE_ONEDNN_OPTS", True),
        ("XLA_FLAGS", True),
        ("OMP_NUM_THREADS", True),
        ("NPY_DISABLE_CPU_FEATURES", True),
        ("OPENBLAS_CORETYPE", True),
        ("TF_CLI_CONFIG_FILE", False),  # Terraform's
        ("JAX_COMPILATION_CACHE_DIR", False),  # a place
        ("PATH", False),
    ],
)
def test_settings_are_those_that_change_bits(
    monkeypatch: pytest.MonkeyPatch, variable: str, counts: bool
) -> None:
    """Variables that choose kernels or threads are told, and no others."""
    assert bool(SETTINGS.fullmatch(variable)) == counts
    monkeypatch.setenv(variable, "seen")
    assert (f"{variable}=seen" in here().get("settings", "").split()) == counts


def test_a_value_with_blanks_can_be_given_to_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are quoted as a shell wants them."""
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "AVX2 FMA3")
    assert "'NPY_DISABLE_CPU_FEATURES=AVX2 FMA3'" in here()["settings"]


def test_a_switch_of_the_path_counts_instead_of_what_is_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A variable that the path sets is told once, with the value that the worker has."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    found = here({"TF_ENABLE_ONEDNN_OPTS": "0"})
    assert found["switches"] == "TF_ENABLE_ONEDNN_OPTS=0"
    assert "TF_ENABLE_ONEDNN_OPTS" not in found.get("settings", "")


@pytest.mark.parametrize("field", ["flags", "Features"])
def test_features_are_those_that_compute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: str
) -> None:
    """Of all flags of a processor the vector instructions are told, sorted."""
    file = tmp_path / "cpuinfo"
    file.write_text(
        f"processor\t: 0\nmodel name\t: Some CPU\n{field}\t\t: fpu avx2 asimd fma avx\n"
    )
    monkeypatch.setattr(environment, "_CPUINFO", file)
    environment._machine.cache_clear()
    try:
        found = here()
    finally:
        environment._machine.cache_clear()
    assert found["cpu_features"] == "asimd avx avx2 fma"
    assert found["processor"] == "Some CPU"


def test_every_fact_of_the_machine_is_one_that_is_told() -> None:
    """The facts that make a machine are among those that a record can have."""
    told = here({"TF_ENABLE_ONEDNN_OPTS": "0"}).keys() | {"settings"}
    # Only Linux tells the features.
    assert set(MACHINE) - {"cpu_features"} <= told
