"""A run record made safe to show, all of its text: see `conformance.printable`."""

from __future__ import annotations

from dataclasses import replace

from conformance.printable import one_line, printable
from conformance.verdict.conventions import Convention
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record import CaseResult, OutputResult, RunRecord


def clean(record: RunRecord) -> RunRecord:
    """`record` with all of its text `printable`."""
    return replace(
        record,
        adapter=one_line(record.adapter),
        path=one_line(record.path),
        about=one_line(record.about),
        versions={one_line(k): one_line(v) for k, v in record.versions.items()},
        device=one_line(record.device),
        cases=tuple(_clean_case(case) for case in record.cases),
        diagnosis=tuple(_clean_diagnosis(found) for found in record.diagnosis),
        conventions={name: _clean_convention(each) for name, each in record.conventions.items()},
    )


def _clean_convention(each: Convention) -> Convention:
    found = None if each.found is None else one_line(each.found)
    return Convention(found=found, seen=one_line(each.seen))


def _clean_diagnosis(found: Diagnosis) -> Diagnosis:
    return replace(
        found,
        outputs=tuple(map(one_line, found.outputs)),
        fault=None if found.fault is None else one_line(found.fault),
        title=one_line(found.title),
        also=tuple(map(one_line, found.also)),
        together=tuple(map(one_line, found.together)),
        only=tuple(map(one_line, found.only)),
    )


def _clean_case(case: CaseResult) -> CaseResult:
    reasons = [output.reason for output in case.outputs.values() if output.reason]
    texts = (case.case, case.group, case.mode, case.layout, case.dtype, case.repro, *case.outputs)
    if case.stderr is None and "".join((*texts, *reasons)).isprintable():
        return case  # as nearly all are: a copy of each takes longer than all else
    return replace(
        case,
        case=one_line(case.case),
        group=one_line(case.group),
        mode=one_line(case.mode),
        layout=one_line(case.layout),
        dtype=one_line(case.dtype),
        outputs={one_line(name): _clean_output(out) for name, out in case.outputs.items()},
        repro=one_line(case.repro),
        stderr=None if case.stderr is None else printable(case.stderr),
    )


def _clean_output(output: OutputResult) -> OutputResult:
    if output.reason is None or output.reason.isprintable():
        return output
    return replace(output, reason=printable(output.reason))
