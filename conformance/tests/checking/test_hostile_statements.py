"""No statement runs anything, breaks anything, or is called verified for what it says itself."""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conformance
from conformance.checking import holding, statement
from conformance.checking.report import Report
from conformance.cli import main
from conformance.errors import ConformanceError
from conformance.tests.checking.forging import KINDS, bomb
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record_file import encode

CANARY = "open('canary', 'w').close()\n"
MUTATIONS = 700


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Report]]:
    """A folder with traps for whoever runs or opens what a statement names, and a report."""
    folder = tmp_path_factory.mktemp("hostile")
    before = Path.cwd()
    os.chdir(folder)
    (folder / "k.py").write_text(RIGHT)
    (folder / "bomb.py").write_text(CANARY + RIGHT)
    (folder / "bomb.pickle").write_bytes(bomb())
    os.mkfifo(folder / "pipe")
    (folder / "zero").symlink_to("/dev/zero")
    yield folder, conformance.check("k.py", case="dense/*", dtype="float32")
    os.chdir(before)


def sealed(said: dict[str, Any]) -> bytes:
    """A statement whose own digest fits, as a forger would write it."""
    kept = {name: value for name, value in said.items() if name not in statement.APART}
    try:
        digest = statement.digest(kept)
    except (ValueError, TypeError):
        digest = "0" * 64
    return json.dumps({**said, "sha256": digest}).encode()


def original(report: Report) -> dict[str, Any]:
    """The true statement, as a reader gets it."""
    found: dict[str, Any] = json.loads(json.dumps(encode(statement.make(report))))
    return found


def verified(
    folder: Path, content: bytes, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    """The exit status and all that is printed; nothing that was named has run."""
    (folder / "s.json").write_bytes(content)
    capsys.readouterr()
    status = main(["verify", "s.json", *more])
    out, err = capsys.readouterr()
    assert not (folder / "canary").exists()
    assert "Traceback" not in out + err
    assert "\x1b" not in out + err
    return status, out + err


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_statement_is_never_verified(
    told: tuple[Path, Report], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a kernel it has no verdict or a bad one, though its own digest fits."""
    folder, report = told
    said = original(report)
    KINDS[kind](said)
    status, text = verified(folder, sealed(said), capsys)
    assert status in (1, 2)
    assert not text.startswith(("HOLDS", "VOUCHED"))
    assert "\nHOLDS" not in text


TOLD = (
    "a shell",
    "a shell with npz",
    "a pickle",
    "a file",
    "a module",
    "a module of the library",
    "an option",
    "a line that looks like a verdict",
)
"""Kinds that forge only where and on what the kernel was: with the true one named, that is told."""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in TOLD])
def test_no_forgery_holds_against_the_kernel(
    told: tuple[Path, Report], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the true kernel named, whatever was measured otherwise breaks the statement."""
    folder, report = told
    said = original(report)
    KINDS[kind](said)
    status, text = verified(folder, sealed(said), capsys, "k.py")
    assert status in (1, 2), text
    assert "HOLDS: " not in text.replace("DOES NOT HOLD: ", "")


@pytest.mark.parametrize("kind", TOLD)
def test_what_may_differ_is_told_and_not_believed(
    told: tuple[Path, Report], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kernel that the person names is what is checked; what is claimed stands beside it."""
    folder, report = told
    said = original(report)
    KINDS[kind](said)
    status, text = verified(folder, sealed(said), capsys, "k.py")
    assert status == 0
    assert "differs: kernel.selector was" in text or "differs: device was" in text
    assert "\nHOLDS" not in text


def test_a_kernel_as_a_pickle_is_not_loaded(
    told: tuple[Path, Report], capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where a person names a pickle: it has no digest that could be the stated one."""
    folder, report = told
    status, text = verified(folder, sealed(original(report)), capsys, "pickle:bomb.pickle")
    assert status == 1
    assert "breaks: kernel.sha256" in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe",
        b"{" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"schema": "conformance/statement/3", "schema": "conformance/statement/3"}',
        b'{"schema": "conformance/statement/3", "seconds": NaN}',
        b'{"schema": "conformance/statement/3", "seconds": 1e999}',
        b'{"schema": "conformance/statement/3", "seconds": ' + b"9" * 5000 + b"}",
        b'{"schema": "conformance/statement/3", "notes": [' + b"0," * 10**6 + b"0]}",
        b'{"schema": "' + b"x" * (8 << 20) + b'"}',
    ],
)
def test_what_is_no_document_is_one_line(
    told: tuple[Path, Report], content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever cannot be read, by its form or its size, is refused with a bounded line."""
    status, text = verified(told[0], content, capsys)
    assert status == 2
    assert len(text) < 2000


@pytest.mark.parametrize("name", ["pipe", "zero", ".", "nowhere", "/dev/null"])
def test_what_is_no_file_is_one_line(
    told: tuple[Path, Report], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe that nobody writes to and a device without end are refused at once."""
    assert told
    capsys.readouterr()
    assert main(["verify", name]) == 2
    assert "Traceback" not in capsys.readouterr().err


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["exec:touch canary", "pickle:bomb.pickle", "../k.py", "0" * 64, "pass A"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=8,
)
"""Values of any type, size and nesting, those of statements among them."""


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a document, its objects and lists included."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, each in inner or (enumerate(value) if isinstance(value, list) else ()):
        yield from places(each, (*path, key))


def other(said: Any, path: tuple[str | int, ...], chance: int) -> Any:
    """What stands in another place of the same kind: what the schema may well allow."""

    def at(place: tuple[str | int, ...]) -> Any:
        found = said
        for part in place:
            found = found[part]
        return found

    mine = type(at(path))
    like = [p for p in places(said) if (p[0], len(p), type(at(p))) == (path[0], len(path), mine)]
    words = ["pass A", "pass B", "degraded C", "fail F", "unsupported", "crash"]
    values = [at(place) for place in like] + (words if path[0] == "results" else [])
    return copy.deepcopy(values[chance % len(values)])


def mutate(said: Any, path: tuple[str | int, ...], act: str, value: Any, chance: int) -> None:
    """Change one place: another value, a near one, one more, or none."""
    for part in path[:-1]:
        said = said[part]
    last, old = path[-1], said[path[-1]]
    if act == "remove":
        del said[last]
    elif act == "add" and isinstance(old, dict):
        old[str(value)[:20]] = value
    elif act == "add" and isinstance(old, list):
        old.append(value)
    elif act == "near" and isinstance(old, bool):
        said[last] = not old
    elif act == "near" and isinstance(old, (int, float)):
        said[last] = old + (-1, 1, 0.5, 10**6)[chance % 4]
    elif act == "near" and isinstance(old, str) and old:
        at = chance % len(old)
        said[last] = old[:at] + "a019 "[chance % 5] + old[at + 1 :]
    else:
        said[last] = value


def test_every_entry_that_is_forged_is_noticed(
    told: tuple[Path, Report], capsys: pytest.CaptureFixture[str]
) -> None:
    """A change anywhere is refused, breaks the statement, or is told as what may differ.

    At least 500 changes are tried, and all three ends of them are seen.
    """
    folder, report = told
    true = json.dumps(original(report), sort_keys=True)
    known = [place for place in places(original(report)) if place[0] != "sha256"]
    tops = sorted({str(place[0]) for place in known})
    ends: Counter[str] = Counter()

    @given(data=st.data())
    @settings(max_examples=MUTATIONS, derandomize=True, deadline=None, database=None)
    def forge(data: st.DataObject) -> None:
        said = original(report)
        # Results are most of a statement: each top entry has the same chance.
        top = data.draw(st.sampled_from(tops))
        path = data.draw(st.sampled_from([place for place in known if place[0] == top]))
        act = data.draw(st.sampled_from(["replace", "other", "near", "near", "add", "remove"]))
        chance = data.draw(st.integers(0, 10**6))
        value = other(said, path, chance) if act == "other" else data.draw(JSON)
        mutate(said, path, act, value, chance)
        if json.dumps(said, sort_keys=True) == true:
            return
        status, text = verified(folder, sealed(said), capsys)
        assert status in (1, 2)
        assert not text.startswith(("HOLDS", "VOUCHED"))
        try:
            read = statement.read(folder / "s.json")
        except ConformanceError:
            ends["refused"] += 1
            return
        found = list(holding.compare(read, report))
        assert found, f"{path} was forged and nothing is told"
        ends["broken" if status == 1 or any(d.breaks for d in found) else "told"] += 1

    forge()
    assert len(KINDS) >= 40
    assert ends.total() >= 500, ends
    assert min(ends["refused"], ends["broken"], ends["told"]) > 10, ends
    print(ends)  # noqa: T201 - the figures of docs/trust.md
