"""What a matrix keeps of a run record, so that hundreds of them fit into the memory of a laptop.

Of an output that passes only its grade and its error are shown; names, types and layouts are the
same texts in every record, and so is what an output without a value has to say.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status


class Pool:
    """What many records say in the same words, kept once."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._texts: dict[str, str] = {}
        self._outputs: dict[OutputResult, OutputResult] = {}

    def lean(self, record: RunRecord) -> RunRecord:
        """`record` without what no report shows."""
        return replace(record, cases=tuple(map(self._case, record.cases)))

    def _case(self, case: CaseResult) -> CaseResult:
        outputs = {self._one(name): self._output(out) for name, out in case.outputs.items()}
        plain = all(out.status is Status.PASS for out in outputs.values())
        return CaseResult(
            case=self._one(case.case),
            group=self._one(case.group),
            mode=self._one(case.mode),
            layout=self._one(case.layout),
            dtype=self._one(case.dtype),
            outputs=outputs,
            repro="" if plain else case.repro,
            seconds=case.seconds,
            stderr=case.stderr,
            edges=tuple(map(self._one, case.edges)),
        )

    def _output(self, result: OutputResult) -> OutputResult:
        if result.status is Status.PASS:
            return OutputResult(status=result.status, grade=result.grade, units=result.units)
        if result.worst is not None:
            return self._kept(result)
        kept = self._outputs.get(result)
        if kept is None:
            kept = self._outputs[result] = self._kept(result)
        return kept

    def _kept(self, result: OutputResult) -> OutputResult:
        reason = None if result.reason is None else self._one(result.reason)
        return replace(result, reason=reason, bits=None)

    def _one(self, text: str) -> str:
        return self._texts.setdefault(text, text)
