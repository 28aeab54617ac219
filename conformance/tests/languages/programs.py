"""The judges of `docs/languages`, built with their examples, and what they print as data."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[3]))
LANGUAGES = CHECKOUT / "docs" / "languages"
FIXTURES = CHECKOUT / "fixtures"

GROUPS = ("constant", "dense", "extremes", "half", "nonfinite", "offset", "spatial", "test-mode")
"""Groups that are judged: ordinary values, half types, large means, NaN, infinity, overflow."""

HDF5 = ("pkg-config", "--cflags", "--libs", "hdf5")
LONGEST = 300
"""Seconds that a compiler or a judge may take."""

_LINE = re.compile(
    r"(A|B|edge|wrong) +(\S+) units  (\S+) (\S+) at \[([\d, ]*)\]: "
    r"(\S+), expected (\S+), bound (\S+), (\d+) of (\d+) out"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a judge says of one output: its grade, the largest error and where that is."""

    grade: str
    units: float
    index: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How the example of a language is built and run.

    Attributes:
        judge: The file that reads and judges, below `LANGUAGES`.
        tools: Programs that it needs.
        build: Builds the example into a folder and gives the command that runs it.
        exported: Whether it reads the raw export instead of golden files.
    """

    judge: str
    tools: Sequence[str]
    build: Callable[[Path], list[str]]
    exported: bool = False

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return (LANGUAGES / self.judge).parent


def hdf5() -> list[str]:
    """What a compiler is told to find the C library of HDF5."""
    done = subprocess.run(HDF5, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the C library of HDF5 is not installed: {done.stderr.strip()}")
    return done.stdout.split()


def compiled(*command: str | Path) -> None:
    """Run a compiler; what it says is in the failure."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert done.returncode == 0, done.stderr


def _c(out: Path) -> list[str]:
    strict = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror")
    compiled("gcc", *strict, "-o", out / "c", LANGUAGES / "c" / "example.c", *hdf5(), "-lm")
    return [str(out / "c")]


def _cpp(out: Path) -> list[str]:
    strict = ("-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror")
    compiled("g++", *strict, "-o", out / "cpp", LANGUAGES / "cpp" / "example.cpp", *hdf5())
    return [str(out / "cpp")]


def _rust(out: Path) -> list[str]:
    source = LANGUAGES / "rust" / "example.rs"
    compiled("rustc", "--edition", "2021", "-O", "-D", "warnings", "-o", out / "rust", source)
    return [str(out / "rust")]


def _java(out: Path) -> list[str]:
    sources = sorted((LANGUAGES / "java").glob("*.java"))
    compiled("javac", "-Xlint:all", "-Werror", "-d", out / "java", *sources)
    return ["java", "-cp", str(out / "java"), "Example"]


def _javascript(out: Path) -> list[str]:
    left_out = shutil.ignore_patterns("node_modules", "package-lock.json")
    folder = shutil.copytree(LANGUAGES / "javascript", out / "javascript", ignore=left_out)
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm cannot install h5wasm: {done.stderr.strip()[:200]}")
    return ["node", str(folder / "example.mjs")]


BY_NAME = {
    "c": Language(judge="c/judge.h", tools=("gcc", "pkg-config"), build=_c),
    "cpp": Language(judge="cpp/judge.hpp", tools=("g++", "pkg-config"), build=_cpp),
    "java": Language(judge="java/Judge.java", tools=("javac", "java"), build=_java, exported=True),
    "javascript": Language(judge="javascript/judge.mjs", tools=("node", "npm"), build=_javascript),
    "rust": Language(judge="rust/judge.rs", tools=("rustc",), build=_rust, exported=True),
}
"""All languages that have a judge."""


def require(tools: Sequence[str]) -> None:
    """Skip a test where a program is missing."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")


def outputs(printed: str) -> dict[tuple[str, str], Judged]:
    """What was said of each output, by case and output."""
    found = {}
    for line in printed.splitlines():
        if match := _LINE.fullmatch(line):
            grade, units, case, output, index, *_ = match.groups()
            at = tuple(int(i) for i in index.split(", ") if i)
            found[case, output] = Judged(grade=grade, units=float(units), index=at)
    return found


def counts(printed: str) -> dict[str, int]:
    """The numbers of the verdict, the last line, by their word."""
    told = re.findall(r"(\d+) (\w+)", printed.splitlines()[-1])
    return {word: int(number) for number, word in told}
