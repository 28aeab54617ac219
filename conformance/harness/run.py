"""Adapter times cases makes run records; the same for the command line and for pytest."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from conformance import adapter
from conformance.case import Case, Dialect
from conformance.cases import deployed, golden
from conformance.cases.tier_names import DEPLOYED
from conformance.errors import AdapterError
from conformance.faults.diagnosis import diagnose
from conformance.faults.folding.diagnosis import diagnose_folding
from conformance.harness.answer import Answer
from conformance.harness.environment import here
from conformance.harness.halt import Halt
from conformance.harness.interrupted import cut_short
from conformance.harness.judging import edges_of, judged
from conformance.harness.probing import PROBED, worded
from conformance.harness.session import CASE_SECONDS, Session
from conformance.layout import name as layout_name
from conformance.verdict.conventions import Convention
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.due import due_outputs
from conformance.verdict.evidence import Evidence
from conformance.verdict.known import applying, expectations, sizes
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.sizes import Sizes
from conformance.verdict.record import RED, CaseResult, RunRecord, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One path at a version on a device, with the failures that are expected of it.

    Attributes:
        source: What loads the adapter: its name, or its file.
        adapter: Its name.
        path: Name of the path.
        about: What the path calls, in one line.
        versions: Distributions to versions, the framework first.
        device: Where it runs.
        dialect: Its conventions.
        switches: Environment variables that its worker is started with.
        traits: What its framework does on this machine, see `conformance.adapter.Adapter`.
        known: Its known failures.
        sizes: How they fail, as recorded.
        sampled: Whether it runs a sample of the cases, since each takes long.
        protections: What stands between it and the process that judges, in a line.
    """

    source: str
    adapter: str
    path: str
    about: str
    versions: dict[str, str]
    device: str
    dialect: Dialect
    switches: dict[str, str]
    traits: dict[str, bool]
    known: tuple[KnownFailure, ...]
    sizes: Sizes = field(default_factory=dict)
    sampled: bool = False
    protections: str = ""

    @property
    def id(self) -> str:
        """``adapter/path``, the name of the column."""
        return f"{self.adapter}/{self.path}"

    @property
    def selector(self) -> str:
        """What the command line takes for this column."""
        return f"{self.source}{':' if self.source.endswith('.py') else '/'}{self.path}"


Measure: TypeAlias = Callable[[Session, Column], Mapping[str, Convention]]
"""Finds the conventions of a column, of a worker that has run its cases."""


def columns(selector: str, folder: Path | None = None) -> list[Column]:
    """The columns of ``ADAPTER``, ``ADAPTER/PATH`` or ``FILE.py:PATH``.

    It starts the framework once, to ask.

    Args:
        selector: What names them.
        folder: The golden files that they are to be held against, by default this package's own.
            Known failures are of the published catalogue: of cases of one's own none is known.

    Raises:
        AdapterError: there is no such adapter or path, or it does not load.
        ExpectationError: its expectations are malformed or match nothing.
    """
    source, wanted = adapter.split(selector)
    home = adapter.home(source)
    with Session(source, hidden=_hidden(folder)) as session:
        told = session.describe()
        protections = session.protections.line
    version = next(iter(told["versions"].values()))
    file = home / "expectations.toml"
    unknown = golden.manifest(folder).foreign
    known: tuple[KnownFailure, ...] = ()
    if not (folder and unknown):
        known = expectations.load(file, version, told["traits"], told["versions"])
    if unknown is None:  # a catalogue of one's own may lack what is listed
        expectations.require(known, [p["name"] for p in told["paths"]], due_outputs(folder), file)
    found = [
        Column(
            source=source,
            adapter=told["name"],
            path=path["name"],
            about=path["about"],
            versions=told["versions"],
            device=told["device"],
            dialect=Dialect(**path["dialect"]),
            switches=path["switches"],
            traits=told["traits"],
            known=known,
            sizes=sizes.read(home / sizes.NAME),
            sampled=path["sample"] is not None,
            protections=protections,
        )
        for path in told["paths"]
    ]
    chosen = [c for c in found if wanted in (None, c.path)]
    if not chosen:
        raise AdapterError(
            f"adapter {source!r} has no path {wanted!r}. Its paths are: "
            f"{', '.join(c.path for c in found)}."
        )
    return chosen


def examine(
    session: Session, column: Column, case: Case, options: str = ""
) -> tuple[CaseResult, Evidence]:
    """Run one case on one path and judge it; the evidence is what a diagnosis needs.

    Args:
        session: The column's worker.
        column: The path.
        case: The case.
        options: What else the command needs that repeats it, such as ``" --tier large"``.
    """
    return result_of(column, case, session.run(column.path, case), options)


def result_of(
    column: Column, case: Case, answer: Answer, options: str = ""
) -> tuple[CaseResult, Evidence]:
    """The verdict on an answer, and its evidence; arguments as of `examine`."""
    results = judged(case, column.dialect, answer)
    result = CaseResult(
        case=case.id,
        group=case.problem.group,
        mode=case.inputs.mode,
        layout=layout_name(case.inputs),
        dtype=case.inputs.types,
        outputs=applying.apply(column.known, column.path, case.id, results, column.sizes),
        repro=f"conformance run {shlex.quote(column.selector)}{options} --case {case.id}",
        seconds=answer.seconds,
        stderr=answer.stderr,
        edges=edges_of(case).posed,
    )
    return result, Evidence(case=case, actual=answer.outputs, results=result.outputs)


def _answer(session: Session, column: Column, case: Case, folder: Path | None) -> Answer:
    """What a path answers; the sample that one may run is of our catalogues, and of no folder."""
    if folder in {None, deployed.folder()}:
        return session.run(column.path, case)
    return session.call(column.path, case.inputs)


def _hidden(folder: Path | None) -> tuple[Path, ...]:
    return () if folder is None else (folder,)


def explain(
    column: Column, results: Iterable[CaseResult], evidence: Sequence[Evidence]
) -> tuple[Diagnosis, ...]:
    """What is wrong with a column; nothing where all that fails was expected to."""
    red = any(result.status in RED for result in results)
    if not red:
        return ()
    alone = [one for one in evidence if one.case.inputs.block is None]
    return (*(diagnose(alone, column.dialect) if alone else ()), *diagnose_folding(evidence))


def run(
    selected: Sequence[Column],
    case_ids: Sequence[str],
    *,
    folder: Path | None = None,
    jobs: int = 1,
    case_seconds: float = CASE_SECONDS,
    halt: Halt | None = None,
    measure: Measure = lambda _session, _column: {},
    done: Callable[[Column, CaseResult], None] = lambda _column, _result: None,
    finished: Callable[[RunRecord], None] = lambda _record: None,
) -> list[RunRecord]:
    """Run cases on columns, each column in a worker process of its own.

    Args:
        selected: The columns.
        case_ids: The cases, by id.
        folder: Where their golden files lie, by default this package's own.
        jobs: How many columns run at a time.
        case_seconds: How long one case may take.
        halt: Ends the run early where it is told to: the records are then partial.
        measure: Finds the conventions of a column once its cases are run.
        done: Called after every case, from any thread.
        finished: Called with every record as soon as it is whole, from any thread.

    Returns:
        One record per column, in their order.
    """

    def one(column: Column) -> RunRecord:
        record = _run_column(
            column, case_ids, done, case_seconds, halt or Halt(), folder=folder, measure=measure
        )
        finished(record)
        return record

    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        return list(pool.map(one, selected))


def make_record(
    column: Column,
    results: Iterable[CaseResult],
    *,
    started: str,
    seconds: float,
    diagnosis: tuple[Diagnosis, ...] = (),
    partial: str | None = None,
    breaches: str | None = None,
    catalogue: Mapping[str, object] | None = None,
    conventions: Mapping[str, Convention] | None = None,
) -> RunRecord:
    """Put the results of one column together; without a catalogue, of the stored cases."""
    results = tuple(results)
    return RunRecord(
        adapter=column.adapter,
        path=column.path,
        about=column.about,
        versions=column.versions,
        device=column.device,
        dialect=asdict(column.dialect),
        catalogue=stored() if catalogue is None else catalogue,
        started=started,
        seconds=round(seconds, 3),
        cases=results,
        diagnosis=diagnosis,
        environment={**here(column.switches), **_found(column, results, breaches)},
        partial=partial,
        conventions=conventions or {},
    )


def stored(folder: Path | None = None) -> dict[str, object]:
    """The golden files of a folder, as a record names them."""
    manifest = golden.manifest(folder)
    return {
        "digest": manifest.digest,
        "cases": len(manifest.entries),
        "published": manifest.foreign is None,
    }


def _found(column: Column, results: Iterable[CaseResult], breaches: str | None) -> dict[str, str]:
    """What was found by trying, as facts of the record: traits, and what the machine lacks.

    And what came from the worker that was no answer: it has answered nothing.
    """
    reasons = {output.reason or "" for case in results for output in case.outputs.values()}
    lacking = sorted(r.removeprefix(PROBED) for r in reasons if r.startswith(PROBED))
    facts = {
        "traits": worded(column.traits),
        "lacking": "; ".join(lacking),
        "protections": column.protections,
    }
    facts["unasked"] = breaches or ""
    return {name: fact for name, fact in facts.items() if fact}


def _options(folder: Path | None) -> str:
    """What a command needs that runs a case of golden files again."""
    if folder is None:
        return ""
    if folder == deployed.folder():
        return f" --tier {DEPLOYED}"
    return f" --golden {shlex.quote(str(folder))}"


def _run_column(
    column: Column,
    case_ids: Sequence[str],
    done: Callable[[Column, CaseResult], None],
    case_seconds: float,
    halt: Halt,
    *,
    folder: Path | None,
    measure: Measure,
) -> RunRecord:
    started, clock = now(), time.perf_counter()
    results, evidence = [], []
    told = _options(folder)
    with Session(
        column.source,
        case_seconds=case_seconds,
        switches=column.switches,
        hidden=_hidden(folder),
    ) as session:
        halt.watch(session)
        for case in golden.load(case_ids, folder):
            result, seen = result_of(column, case, _answer(session, column, case, folder), told)
            results.append(result)
            evidence.append(seen)
            done(column, result)
        breaches = session.breaches
        conventions = {} if halt.why else measure(session, column)
    found = explain(column, results, evidence)
    seconds = time.perf_counter() - clock
    return make_record(
        column,
        results,
        started=started,
        seconds=seconds,
        diagnosis=found,
        partial=cut_short(halt, results),
        breaches=breaches,
        catalogue=stored(folder),
        conventions=conventions,
    )
