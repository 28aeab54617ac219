"""Writing what was captured: a folder of golden files, and in it what the framework gave."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from conformance import scratch
from conformance.atomic import require_folder
from conformance.capture.answers import Answered, arrays
from conformance.capture.report import Report
from conformance.cases.golden import bounds, load, manifest, writing
from conformance.errors import OutputError, SelectionError
from conformance.printable import printable

GAVE = "FRAMEWORK.npz"
"""What the framework gave: arrays by ``group/case/output``; bfloat16 as float32, which holds it."""

REPORT = "CAPTURE.json"
"""What that is worth, and what was left out."""

ABOUT = "README.md"


def require_new(folder: Path) -> None:
    """Refuse a place where something lies, before a model is run for it.

    Raises:
        OutputError: it is no empty folder, and something is there; or nothing can be written.
    """
    require_folder(folder.absolute().parent)
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise OutputError(
            f"{folder} is there and is no empty folder, a new one was wanted: nothing is "
            "overwritten. Give another name, or remove it."
        )


def write(report: Report, folder: Path) -> Report:
    """Write what was captured, whole or not at all.

    Args:
        report: What was captured.
        folder: Where to; it is made, and may not hold anything.

    Returns:
        The report, with the digest of the golden files.

    Raises:
        OutputError: something lies there.
        SelectionError: nothing was captured; the message says why.
    """
    if not report.answers:
        raise SelectionError(_nothing(report))
    require_new(folder)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder: a rename is whole only within one file system.
    with scratch.folder(folder.absolute().parent) as beside:
        new = beside / "new"
        explain = {a.case.problem.group: a.case.problem.catches for a in report.answers}
        writing.write([a.case for a in report.answers], new, explain=explain)
        bounds.write(new)
        done = replace(report, digest=_read(new))
        (new / GAVE).write_bytes(_image(report.answers))
        (new / REPORT).write_text(f"{done.to_json()}\n", encoding="utf-8")
        (new / ABOUT).write_text(_readme(done), encoding="utf-8")
        if folder.is_dir():
            folder.rmdir()  # it is empty, or it stays
        os.replace(new, folder)  # noqa: PTH105 - as it is called in the manual
    return done


def _read(folder: Path) -> str:
    """The digest of golden files, all of which can be read.

    Raises:
        GoldenFileError: a case cannot.
    """
    known = manifest(folder)
    for _ in load(known.entries, folder):
        pass
    return known.digest


def _nothing(report: Report) -> str:
    why = "; ".join(str(left) for left in report.left[:4])
    return "nothing was captured, one call or more was wanted. " + (
        f"{why}." if why else "No chosen layer was called in a chosen step."
    )


def _image(answers: Sequence[Answered]) -> bytes:
    found = {f"{a.case.id}/{name}": array for a in answers for name, array in arrays(a).items()}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **found)
    return stream.getvalue()


def _readme(report: Report) -> str:
    return f"""\
# Captured calls of batch normalization

{len(report.answers)} calls of {printable(report.about)}, as golden files with exact answers (digest
{report.digest}). The format is that of `fixtures/README.md` of batchnorm-conformance.

- `{REPORT}`: layer, step, and what the outputs that the framework gave are worth.
- `{GAVE}`: these outputs, by `group/case/output`; they are no part of a case or of its digest.

Hold a kernel to them: `conformance check KERNEL --golden FOLDER`.
"""
