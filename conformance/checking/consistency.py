"""What can be held against a statement without running anything: itself, and the suite at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance import documents
from conformance._version import __version__
from conformance.case import Dialect
from conformance.cases import golden
from conformance.cases.tier_names import STANDARD
from conformance.checking import closure, levels, own_code, smoke
from conformance.checking import scope as scopes
from conformance.checking.deviation import Deviation
from conformance.checking.fresh import LEAST
from conformance.checking.options import Options
from conformance.checking.selection import FOLDER, OWN, matched, select
from conformance.checking.statement import AT_EDGE, GRADES, digest
from conformance.checking.within import ENOUGH, GROUP
from conformance.errors import InputError, SelectionError
from conformance.float_types import FLOAT_TYPES
from conformance.harness.kernels.declared import RANKS
from conformance.oracle.edges import READ_ONLY, RECOMPUTATION
from conformance.verdict.record import COMPARED, COUNTED_APART, HELD, RED, Status
from conformance.verdict.ruler import due_names

_LARGEST = 64 << 20
"""Bytes of a file beside a statement that is looked at."""


def contradictions(said: Mapping[str, Any]) -> Iterator[Deviation]:
    """Where a statement says one thing here and another there."""
    results: Mapping[str, Mapping[str, str]] = said["results"]
    statuses = [_status(word) for case in results.values() for word in case.values()]
    graded = Counter(_grade(word) for case in results.values() for word in case.values())
    drawn: Mapping[str, Mapping[str, str]] = said["drawn"]["results"]
    by_chance = _worst(drawn)
    fresh = said["fresh"]
    failed = bool(fresh["disagree"] or said["spoilt"]) or by_chance == "F"
    red = any(_is_wrong(word) for case in results.values() for word in case.values())
    held = [_status(word) for case in drawn.values() for word in case.values()]
    rule, grade = said["rule"], "F" if failed else _worst(results) or by_chance
    enough = grade is None or grade <= rule["minimum_grade"]
    kept = not rule["strict"] or levels.DIFFERS not in said["edges"].values()
    kernel, declared = said["kernel"], said["kernel"]["files"]
    yield from _held(
        said,
        {
            "selected.cases": len(results),
            "selected.sha256": digest(list(results)),
            "counts": {s.value: statuses.count(s) for s in Status},
            "graded": {grade: graded[grade] for grade in GRADES},
            "grades": _by_output(results),
            "grade": grade,
            "conforms": not (red or failed)
            and any(s in COMPARED for s in (*statuses, *held))
            and enough
            and kept,
            "drawn.grade": by_chance,
            "scope.cases": _cases(results, drawn),
            "scope.outputs": _outputs([*statuses, *held]),
            "scope.where": said["selected"]["declared"]["where"],
            "kernel.sha256": closure.digest(declared) if declared else None,
            "fresh.odds": 1 - 0.5 ** fresh["least"],
        },
    )
    if kernel["sha256"] is None and said["conforms"] and kernel["files"]:
        yield _broken("kernel.files", kernel["files"], "none, where there is no digest")
    if said["suite"]["cases"] < len(results) and said["suite"]["tier"] != OWN:
        yield _broken("suite.cases", said["suite"]["cases"], f"{len(results)} or more")
    yield from _of_edges(said)
    yield from _of_fresh(said)
    yield from _of_scope(said)


def _cases(*tables: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    stored, drawn = tables
    words = [
        [_status(word) for word in case.values()] for table in tables for case in table.values()
    ]
    met = sum(any(status in HELD for status in case) for case in words)
    return {"stored": len(stored), "drawn": len(drawn), "compared": met}


def _outputs(statuses: Sequence[Status]) -> dict[str, int]:
    held = sum(status in HELD for status in statuses)
    return {"asked": len(statuses), "compared": held}


def _of_scope(said: Mapping[str, Any]) -> Iterator[Deviation]:
    """Where the scope that a statement tells is not that of its results."""
    # Ids of another folder may be those of the catalogue, and their cases are others.
    known = golden.manifest()
    scope = said["scope"]
    entries = known.entries if said["suite"]["digest"] == known.digest else {}
    outputs = scope["outputs"]
    if sum(scope["not"].values()) != outputs["asked"] - outputs["compared"]:
        left = outputs["asked"] - outputs["compared"]
        yield _broken("scope.not", sum(scope["not"].values()), f"reasons for {left} outputs")
    strange = [name for name in said["drawn"]["results"] if not name.startswith(f"{GROUP}/")]
    if strange or (said["drawn"]["results"] and not said["fresh"]["seed"]):
        yield _broken("drawn.results", strange, "cases drawn from the seed of the fresh ones")
    met = [
        entries[name]
        for name, words in said["results"].items()
        if name in entries and any(_status(word) in HELD for word in words.values())
    ]
    for what, field in (("dtypes", "dtype"), ("layouts", "layout"), ("modes", "mode")):
        lacking = {getattr(entry, field) for entry in met} - {*scope[what]}
        beside = {*scope[what]} - {getattr(entry, field) for entry in met}
        if lacking or (
            beside and not said["drawn"]["results"] and len(met) == len(said["results"])
        ):
            yield _broken(f"scope.{what}", scope[what], sorted(getattr(e, field) for e in met))


def _of_edges(said: Mapping[str, Any]) -> Iterator[Deviation]:
    words = [word for case in said["results"].values() for word in case.values()]
    at_edges = {_status(word) in RED for word in words if _is_at_edge(word)}
    told = {
        state for name, state in said["edges"].items() if name not in (READ_ONLY, RECOMPUTATION)
    }
    for is_red, state in ((True, levels.DIFFERS), (False, levels.KNOWN)):
        if is_red in at_edges and not told & {levels.DIFFERS, state}:
            yield _broken("edges", said["edges"], f"one that is {state}, as a result is")
    if levels.DIFFERS in told and True not in at_edges:
        yield _broken("edges", said["edges"], "none that differs, as no result does")


def _of_fresh(said: Mapping[str, Any]) -> Iterator[Deviation]:
    fresh, results = said["fresh"], said["results"]
    if strange := [name for name in fresh["disagree"] if name not in results]:
        yield _broken("fresh.disagree", strange, "cases of the statement")
    if not len(fresh["disagree"]) <= fresh["compared"] <= fresh["cases"]:
        yield _broken("fresh.compared", fresh["compared"], f"at most {fresh['cases']}")
    if bool(fresh["seed"]) < bool(fresh["cases"]):
        yield _broken("fresh.seed", fresh["seed"], "the seed of its cases")
    if said["suite"]["fresh"] < bool(fresh["cases"]):
        yield _broken("fresh.cases", fresh["cases"], "none, since none were asked for")
    # Each case counts in one scope, one size and one group.
    for kind, number in fresh["classes"].items():
        if fresh["least"] * number > fresh["compared"]:
            yield _broken(
                "fresh.least", fresh["least"], f"at most {fresh['compared']} over {number} {kind}s"
            )
    least = LEAST.get(said["suite"]["tier"], 0)
    most = 2 * least * len(results) + ENOUGH
    if fresh["cases"] > most:
        yield _broken("fresh.cases", fresh["cases"], f"at most {most} of so many cases")


def of_this_suite(said: Mapping[str, Any], folder: Path | None = None) -> Iterator[Deviation]:
    """Where the suite of the statement is not the one at hand.

    Args:
        said: The statement.
        folder: The golden files that it is of, where these are not the package's own.
    """
    suite, manifest = said["suite"], golden.manifest(folder)
    is_there = suite["tier"] != FOLDER or folder is not None
    if is_there:
        yield from _held(
            said,
            {
                "suite.digest": manifest.digest,
                "suite.cases": len(manifest.entries),
                "suite.published": manifest.foreign is None,
            },
        )
    if suite["version"] != __version__:
        yield Deviation(
            what="suite.version", stated=suite["version"], found=__version__, breaks=False
        )
    if suite["code"] != own_code.digest():
        # Another version has other code; the same version with other code was changed.
        same = suite["version"] == __version__
        yield Deviation(
            what="suite.code", stated=suite["code"], found=own_code.digest(), breaks=same
        )
    if is_there and suite["digest"] == manifest.digest and suite["tier"] != OWN:
        yield from _selection(said, folder)


def _selection(said: Mapping[str, Any], folder: Path | None) -> Iterator[Deviation]:
    """The cases and outputs of a statement, against what its selection selects."""
    suite, entries = said["suite"], golden.manifest(folder).entries
    try:
        wanted = _wanted(said, folder)
    except (SelectionError, InputError) as error:
        yield _broken("suite.case", suite["case"], str(error))
        return
    if wanted != list(said["results"]):
        yield _broken("results", _some(said["results"]), f"the {len(wanted)} cases it selects")
        return
    dialect = Dialect(**said["selected"]["dialect"])
    for case, outputs in said["results"].items():
        due = due_names(entries[case].due, dialect)
        if set(due) != set(outputs):
            yield _broken(f"results.{case}", sorted(outputs), sorted(due))


def _wanted(said: Mapping[str, Any], folder: Path | None) -> list[str]:
    """The cases that the selection and the scope of a statement select.

    Those of a smoke tier follow from what came of them too: others stand for what was refused.

    Raises:
        SelectionError: there are none.
        InputError: a predicate of the scope is none.
    """
    suite, selected = said["suite"], said["selected"]
    options = Options(
        tier=STANDARD if suite["tier"] == FOLDER else suite["tier"],
        golden=folder,
        cases=None if suite["case"] is None else tuple(suite["case"]),
        dtype=suite["dtype"],
    )
    told = {**selected["declared"], "takes": selected["takes"]}
    told["dtypes"] = told["dtypes"] or FLOAT_TYPES
    told["ranks"] = told["ranks"] or RANKS
    scope = scopes.of(told, Dialect(**selected["dialect"]))
    run = select(options, scope)
    if suite["tier"] != "smoke":
        return run
    among = matched(options)
    while True:
        results = [_plain(said["results"].get(name, {})) for name in run]
        rest = smoke.more(among, scope, results, run)
        if not rest:
            return [name for name in among if name in {*run}]
        run += rest


def _plain(words: Mapping[str, str]) -> dict[str, str]:
    return {name: word.partition(" ")[0] for name, word in words.items()}


def beside(said: Mapping[str, Any], folder: Path) -> tuple[list[str], list[Deviation]]:
    """The kernel's files that lie in a folder: those that are as stated, and those that differ.

    Args:
        said: The statement.
        folder: Where to look; nothing outside of it is opened.
    """
    same, other = [], []
    home = folder.resolve()
    for name, stated in said["kernel"]["files"].items():
        place = home / name
        if not place.is_file() or home not in place.resolve().parents:
            continue
        try:
            content = documents.read_bytes(place, _LARGEST)
        except ValueError:
            continue
        found = closure.sha256(content)
        if found == stated:
            same.append(name)
        else:
            other.append(
                Deviation(what=f"kernel.files.{name}", stated=stated, found=found, breaks=True)
            )
    return same, other


def _held(said: Mapping[str, Any], wanted: Mapping[str, object]) -> Iterator[Deviation]:
    for what, found in wanted.items():
        value: Any = said
        for part in what.split("."):
            value = value[part]
        if value != found or type(value) is not type(found):
            yield _broken(what, value, found)


def _broken(what: str, stated: object, found: object) -> Deviation:
    return Deviation(what=what, stated=stated, found=found, breaks=True)


def _status(word: str) -> Status:
    return Status(word.partition(" ")[0])


def _grade(word: str) -> str | None:
    return next((part for part in word.split()[1:] if part in GRADES), None)


def _is_at_edge(word: str) -> bool:
    return word.endswith(f" {AT_EDGE}")


def _is_wrong(word: str) -> bool:
    return _status(word) in RED and not _is_at_edge(word)


def _by_output(results: Mapping[str, Mapping[str, str]]) -> dict[str, str | None]:
    names = dict.fromkeys(name for case in results.values() for name in case)
    columns = {name: _column(results, name) for name in names}
    return {
        name: _worst({"": column}) if any(map(_grade, column.values())) else None
        for name, column in columns.items()
    }


def _column(results: Mapping[str, Mapping[str, str]], name: str) -> dict[str, str]:
    return {case: outputs[name] for case, outputs in results.items() if name in outputs}


def _worst(results: Mapping[str, Mapping[str, str]]) -> str | None:
    words = [word for case in results.values() for word in case.values()]
    if any(map(_is_wrong, words)):
        return "F"
    counted = (w for w in words if _status(w) not in COUNTED_APART and not _is_at_edge(w))
    grades = map(_grade, counted)
    return max((grade for grade in grades if grade), default=None)


def _some(results: Mapping[str, Any]) -> str:
    return f"{len(results)} others"
