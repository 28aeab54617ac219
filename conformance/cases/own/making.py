"""Making golden files: each case drawn, solved, proven and written before the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import atomic, scratch
from conformance.cases.golden import bounds, manifest
from conformance.cases.golden.bounds import Told
from conformance.cases.golden.streaming import Writer
from conformance.cases.own import room, target
from conformance.cases.own.answers import answered
from conformance.cases.own.draft import Draft
from conformance.cases.own.readme import readme
from conformance.errors import RecipeError

ABOUT = "Problems of one's own."


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Golden files that were written.

    Attributes:
        folder: Where they lie.
        cases: The ids of the cases, in order.
        digest: SHA-256 over everything said about the cases, in hex: the name of these files.
        proven: How many expected values there are, all of them proven.
    """

    folder: Path
    cases: tuple[str, ...]
    digest: str
    proven: int


def make(drafts: Sequence[Draft], folder: Path, *, about: str, tell: Told) -> Generated:
    """Write the golden files of cases, all or none.

    Args:
        drafts: The cases, sorted by id.
        folder: Where to: a new folder, an empty one, or one of golden files, which is replaced.
        about: What they are for, in a sentence.
        tell: Told of the progress.

    Raises:
        RecipeError: there is none, no room for them, or a case that has no answer or no bound.
        UnprovenError: the proof does not accept a value.
        OutputError: the folder may not be written, or holds what is no golden file.
    """
    if not drafts:
        raise RecipeError("there is no problem, one was wanted. Give one.")
    place = target.require(folder)
    beside = next(each for each in place.parents if each.is_dir())
    room.require(drafts, beside)
    with scratch.folder(beside) as work:
        new = work / "new"
        new.mkdir()
        proven = _fill(new, drafts, about, tell)
        text = readme(list(drafts), about)
        (new / target.README).write_text(text, encoding="utf-8", newline="\n")
        digest = manifest(new).digest
        place.parent.mkdir(parents=True, exist_ok=True)
        atomic.put_folder(new, place)
    names = tuple(draft.id for draft in drafts)
    return Generated(folder=place, cases=names, digest=digest, proven=proven)


def _fill(new: Path, drafts: Sequence[Draft], about: str, tell: Told) -> int:
    proven = 0
    wanted = Counter[str]()
    for draft in drafts:
        wanted[draft.group] += draft.sizes.stored + room.OVERHEAD
    explain = dict.fromkeys(wanted, about)
    with (
        Writer(new, explain, wanted) as writer,
        bounds.Writer(new / bounds.FOLDER, explain) as beside,
    ):
        for done, draft in enumerate(drafts):
            tell(done, len(drafts), draft.id)
            proven += _add(writer, beside, draft)
        writer.finish()
        beside.finish(manifest(new).digest)
    return proven


def _add(writer: Writer, beside: bounds.Writer, draft: Draft) -> int:
    # A function of its own, so that a case is let go before the next one is drawn.
    case, proven = answered(draft.make())
    writer.add(case)
    beside.add(case)
    return proven
