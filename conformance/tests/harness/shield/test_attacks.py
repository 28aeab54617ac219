"""A kernel gets hold of nothing that belongs to the process that judges it; see docs/trust.md."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import conformance
from conformance import places
from conformance.checking.report import Report
from conformance.harness.shield import near
from conformance.tests.harness.shield.attacks import (
    ANSWERS,
    FILES,
    HARMLESS,
    REACHED,
    Attack,
    kernel,
)

PACKAGE = Path(conformance.__file__).resolve().parent
CASE = "dense/train-float32"
SOCKET = f"conformance-test-{os.getpid()}"
MARK = ctypes.create_string_buffer(b"unmarked")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are written for Linux")


@pytest.fixture
def known(tmp_path: Path) -> Mapping[str, object]:
    """What an attack is told: more than a kernel can easily find out."""
    fixtures = places.folder("fixtures").resolve()
    report = tmp_path / "report.json"
    report.write_text("{}")
    return {
        "GRADER": os.getpid(),
        "ADDRESS": ctypes.addressof(MARK),
        "PACKAGE": str(PACKAGE),
        "FIXTURES": str(fixtures),
        "GOLDEN": str(next(fixtures.rglob("*.h5"))),
        "ADAPTER": str(places.folder("adapters").resolve() / "textbook" / "adapter.py"),
        "INSTALLED": sysconfig.get_paths()["purelib"],
        "REPORT": str(report),
        "TMP": tempfile.gettempdir(),
        "SOCKET": SOCKET,
        "CASE": CASE,
    }


@pytest.fixture(scope="module", autouse=True)
def _listening() -> Iterator[None]:
    """A socket without a file, as the process that judges may have one."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"\0{SOCKET}")
        one.listen()
        yield


def checked(attacks: Mapping[str, Attack], known: Mapping[str, object], folder: Path) -> Report:
    """The report on a kernel that makes some attacks."""
    file = folder / "attacker.py"
    file.write_text(kernel(attacks, known))
    return conformance.check(f"{file}:batch_norm", case=CASE, timeout=30, fresh=False)


def reached(report: Report) -> str:
    """What the attacks got hold of, in words; empty where nothing."""
    reasons = {r.reason or "" for case in report.cases for r in case.outputs.values()}
    return "; ".join(reason for reason in reasons if REACHED in reason)


def require_on(report: Report, *names: str) -> None:
    """Skip a test that says what protections hold which this system does not have."""
    off = {name: why for name, why in report.protections.items() if not why.startswith("on")}
    for name in names:
        if name in off:
            pytest.skip(f"this system has no {name}: {off[name]}")


@pytest.mark.parametrize("name", HARMLESS)
def test_an_attack_gets_hold_of_nothing(
    name: str, known: Mapping[str, object], tmp_path: Path
) -> None:
    """With all protections of this system on, the attack is refused and the kernel is judged."""
    attack = HARMLESS[name]
    report = checked({name: attack}, known, tmp_path)
    require_on(report, *(n for n in attack.held_by if n in report.protections))
    assert not reached(report)
    assert report.conforms, report.verdict
    assert MARK.value == b"unmarked"


@pytest.mark.parametrize("left", ["landlock", "namespaces"])
def test_each_means_holds_alone_what_it_is_said_to_hold(
    left: str,
    known: Mapping[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What Landlock, or namespaces and mounts, are said to hold is held without the other."""
    means = {"landlock": {"landlock"}, "namespaces": {"namespaces", "mounts"}}
    others = {"landlock", "namespaces", "mounts"} - means[left]
    monkeypatch.setattr(near, "LEFT_OUT", frozenset(others))
    held = {name: attack for name, attack in HARMLESS.items() if means[left] & {*attack.held_by}}
    assert len(held) > 40
    report = checked(held, known, tmp_path)
    require_on(report, *means[left])
    assert not reached(report)
    assert report.conforms, report.verdict


def test_what_holds_on_every_system(
    known: Mapping[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Landlock and namespaces a kernel still finds no answers where it lives."""
    monkeypatch.setattr(near, "LEFT_OUT", frozenset({"landlock", "namespaces", "mounts"}))
    everywhere = {"imports", "a process of its own", "privileges"}
    held = {name: attack for name, attack in HARMLESS.items() if everywhere & {*attack.held_by}}
    assert len(held) > 10
    report = checked(held, known, tmp_path)
    assert not reached(report)
    assert report.conforms, report.verdict


def test_the_attacks_succeed_where_nothing_is_held(
    known: Mapping[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the shield most of what asks for answers or writes succeeds: attacks are real."""
    monkeypatch.setenv("CONFORMANCE_SHIELD", "off")
    asking = {**ANSWERS, **FILES}
    report = checked(asking, known, tmp_path)
    got = reached(report)
    missed = [name for name in asking if f"{name} got" not in got]
    assert len(missed) < len(asking) / 2, missed
