"""Tests of the one door of JSON documents."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from conformance import documents
from conformance.document_kinds import KINDS
from conformance.errors import ConformanceError, HistoryError, RecordError

GOOD: dict[str, Any] = {"adapter": "torch", "channel": "pinned", "exit": 0, "reason": "é\n"}


def written(folder: Path, content: str | bytes) -> Path:
    """A file of outcomes."""
    file = folder / "outcomes.json"
    file.write_bytes(
        content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    )
    return file


def refused(file: Path, kind: str = "outcome") -> str:
    """What is said of a file that is refused, its name left out."""
    with pytest.raises(KINDS[kind].error) as caught:
        documents.read(file, kind)
    said = str(caught.value)
    assert said.startswith(f"{file} is no usable {KINDS[kind].noun}: ")
    assert said.endswith(f". {KINDS[kind].again}")
    assert said.isprintable()
    return said.removeprefix(str(file))


def test_a_good_document_is_read(tmp_path: Path) -> None:
    """What keeps the schema comes back as it is, also behind an editor's mark."""
    assert documents.read(written(tmp_path, json.dumps(GOOD)), "outcome") == GOOD
    assert documents.read(written(tmp_path, "\ufeff" + json.dumps(GOOD)), "outcome") == GOOD
    assert documents.parse(json.dumps(GOOD).encode(), "outcome", "it") == GOOD
    documents.require(GOOD, "outcome", "it")


def _with(**changes: object) -> str:
    return json.dumps({**GOOD, **changes})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Expecting value"),
        ("[", "Expecting value"),
        ("[1", "delimiter"),
        (b"\xff\xfe[\x00]\x00", "byte 0 is no UTF-8"),
        (b'["\xed\xa0\x80"]', "is no UTF-8"),
        ("[]", "it is a list of 0 items and must be object"),
        ("null", "it is null and must be object"),
        ("7", "it is 7 and must be object"),
        ("{}", "must contain ['adapter', 'channel', 'exit'] properties"),
        (_with(channel="old"), "channel is 'old' and must be one of"),
        (_with(exit="0"), "exit is '0' and must be integer or null"),
        (_with(exit=True), "exit is true and must be integer or null"),
        (_with(exit=300), "exit is 300 and must be smaller than or equal to 255"),
        (_with(adapter="../x"), "adapter is '../x' and must match pattern"),
        (_with(adapter="x" * 101), "must be shorter than or equal to 100 characters"),
        (_with(reason="\x1b[31mCONFORMS"), "U+001B, none that controls a terminal"),
        (_with(reason="\x00"), "U+0000"),
        (_with(reason="\x9b"), "U+009B"),
        (_with(reason="\r"), "U+000D"),
        (_with(reason="\ud800"), "U+D800"),
        (_with(**{"\x07": 1}), "U+0007"),
        (_with(more="x" * 70_000), "a text has 70,000 characters, at most 65,536 were wanted"),
        ('{"adapter": "a", "adapter": "b"}', "key 'adapter' is there twice"),
        ('{"seconds": NaN}', "NaN was found"),
        ('{"seconds": -Infinity}', "-Infinity was found"),
        ('{"seconds": 1e999}', "larger than any float64"),
        (f'{{"seconds": {"9" * 20}}}', "an integer has 20 digits"),
        (f'{{"seconds": {"9" * 100_000}}}', "an integer has 100000 digits"),
        (f'{{"more": {"[" * 17}{"]" * 17}}}', "nested more than 16 deep"),
        ("[" * 9_000, "more than 100 commas and brackets"),
        (f"[{','.join(['[]'] * 5001)}]", "more than 100 commas and brackets"),
        (" " * ((1 << 20) + 1), "it has 1,048,577 bytes, at most 1,048,576 were wanted"),
    ],
)
def test_what_is_no_such_document_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    """The error says what was found, what was wanted and what to do, in one printable line."""
    assert said in refused(written(tmp_path, content))


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A file of a terabyte, which has no room anywhere, costs nothing."""
    file = written(tmp_path, "[")
    os.truncate(file, 1 << 40)
    assert "it has 1,099,511,627,776 bytes" in refused(file)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device without end and a folder end at once."""
    os.mkfifo(tmp_path / "pipe")
    assert "it is a pipe, a regular file was wanted" in refused(tmp_path / "pipe")
    assert "it is a device, a regular file was wanted" in refused(Path("/dev/zero"))
    assert "it is a folder, a regular file was wanted" in refused(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert "No such device" in refused(tmp_path / "s")


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """A file that is not there, a loop of links and a name with a NUL are errors of the kind."""
    (tmp_path / "loop").symlink_to("loop")
    assert "No such file" in refused(tmp_path / "absent")
    assert "symbolic links" in refused(tmp_path / "loop")
    with pytest.raises(HistoryError, match="null byte"):
        documents.read(tmp_path / "\0", "outcome")


def test_the_schema_is_named_before_all_else(tmp_path: Path) -> None:
    """A document of another schema says so, whatever it holds; so does one that names none."""
    for content, said in (
        ('{"schema": "conformance/power/0"}', "it has schema 'conformance/power/0'"),
        ("{}", "it has schema null"),
        ("[]", "it has schema a list of 0 items"),
        ('{"schema": ["' + "x" * 1000 + '"]}', "it has schema a list of 1 items"),
        ('{"schema": "' + "x" * 1000 + '"}', "... (1,000 characters)"),
    ):
        assert said in refused(written(tmp_path, content), "power")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_schema(kind: str) -> None:
    """Each kind is compiled, and refuses what is none of it by its own error."""
    with pytest.raises(ConformanceError) as caught:
        documents.parse(b'{"schema": 3}', kind, "what came")
    assert type(caught.value) is KINDS[kind].error
    assert str(caught.value).startswith("what came is no usable ")


def test_bytes_are_bounded_as_a_file_is() -> None:
    """What came another way may not be larger than a file."""
    with pytest.raises(HistoryError, match="it has 1,048,577 bytes"):
        documents.parse(b" " * ((1 << 20) + 1), "outcome", "it")


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="a file without a size is wanted")
def test_a_file_that_tells_no_size_is_read_whole_and_bounded() -> None:
    """What the system makes while it is read says that it has 0 bytes."""
    version = Path("/proc/version")
    assert version.stat().st_size == 0
    assert documents.read_bytes(version, 1 << 16) == version.read_bytes()
    with pytest.raises(ValueError, match="it has 4 bytes, at most 3 were wanted"):
        documents.read_bytes(version, 3)


def test_a_text_is_bounded(tmp_path: Path) -> None:
    """A text of no kind has a bound too, and must be a regular file."""
    file = written(tmp_path, "é\n")
    assert documents.read_text(file) == "é\n"
    with pytest.raises(ValueError, match="at most 2 were wanted"):
        documents.read_text(file, 2)
    with pytest.raises(ValueError, match="a regular file was wanted"):
        documents.read_text(tmp_path)


def test_the_name_of_a_file_cannot_draw(tmp_path: Path) -> None:
    """The error is one line that drives no terminal, however the file is called."""
    file = tmp_path / "\x1b[2J\nok: CONFORMS"
    with pytest.raises(RecordError) as caught:
        documents.read(file, "power")
    assert str(caught.value).isprintable()
