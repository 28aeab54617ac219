"""A path asked in this process, with a mistake planted around it or none."""

from __future__ import annotations

from conformance.adapter import Path
from conformance.case import Inputs
from conformance.checking.selftest import Outcome, examine
from conformance.harness import worker
from conformance.harness.answer import Answer, Reply
from conformance.tests.checking.selftest.planted import Plant


def examined(path: Path, plant: Plant | None = None) -> Outcome:
    """What the self-test says of a path, with a mistake planted around it."""

    def run(inputs: Inputs) -> Answer:
        kernel = path.run if plant is None else lambda call: plant(path.run, call)
        header, outputs = worker.run(path, inputs, kernel)
        return Answer(status=Reply(header["status"]), reason=header.get("reason"), outputs=outputs)

    return examine(run, path.dialect)
