"""The manifest: what the golden files hold, readable without opening any of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from conformance import documents, layout, places
from conformance.case import Case
from conformance.cases import published
from conformance.cases.golden import content
from conformance.errors import GoldenFileError, SelectionError

NAME = "MANIFEST.json"
INDEX = "INDEX.json"
REMEDY = "Restore it from the repository, or write all anew with: conformance generate"

_LARGEST = 16 * 2**20  # bytes; 400 cases need 0.2 MB
_NEAR = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """What the manifest says about one case.

    Attributes:
        id: The id of the case.
        group: The family of the case; its file is ``<group>.h5``.
        mode: ``"train"`` or ``"test"``.
        dtype: ``"float32"``, or ``"float16+float32"`` with parameters of another type.
        layout: ``"NC"``, ``"NCHW"``, ``"NHWC"``, ..., ``"per-activation"``.
        due: Fields of `conformance.case.Outputs` that have an expected value.
        catches: The mistake that the case is there to show.
        digest: `conformance.cases.golden.content.digest` of the case, in hex.
    """

    id: str
    group: str
    mode: str
    dtype: str
    layout: str
    due: tuple[str, ...]
    catches: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenFile:
    """What the manifest says about one golden file.

    Attributes:
        about: What the family of cases in it is for, in a sentence.
        size: Its size in bytes.
        sha256: SHA-256 of its bytes, in hex.
    """

    about: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All golden files, and all cases in them.

    Attributes:
        generator: Version of the generator that wrote the files.
        digest: SHA-256 over everything said about the cases, in hex: the catalogue's name.
        index: What is known of the index; see `conformance.cases.golden.index`.
        files: File names to what is known of them.
        entries: Case ids to what is known of them, sorted by id.
    """

    generator: str
    digest: str
    index: GoldenFile
    files: Mapping[str, GoldenFile]
    entries: Mapping[str, CaseEntry]

    @property
    def foreign(self) -> str | None:
        """What to say of it where it is not the catalogue that was published; None for that one."""
        return published.foreign(self.digest)


def describe(case: Case) -> CaseEntry:
    """The entry of `case`."""
    return CaseEntry(
        id=case.id,
        group=case.problem.group,
        mode=case.inputs.mode,
        dtype=case.inputs.types,
        layout=layout.name(case.inputs),
        due=tuple(case.expected.items()),
        catches=case.problem.catches,
        digest=content.digest(case),
    )


def render(
    files: Mapping[str, GoldenFile], index: GoldenFile, entries: Iterable[CaseEntry]
) -> bytes:
    """The manifest as JSON: keys sorted, one line for each leaf, a line feed at the end."""
    cases = {entry.id: _plain(entry) for entry in entries}
    payload = {
        "schema": content.SCHEMA,
        "generator": content.GENERATOR,
        "digest": _digest(cases),
        "index": asdict(index),
        "files": {name: asdict(file) for name, file in files.items()},
        "cases": cases,
    }
    text = json.dumps(payload, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"


def manifest(folder: Path | None = None) -> Manifest:
    """Read the manifest in `folder`, by default this installation's ``fixtures``.

    Raises:
        GoldenFileError: it is missing, damaged, or of another schema.
    """
    file = home(folder) / NAME
    try:
        facts = file.stat()
    except OSError as error:
        raise GoldenFileError(f"{file} cannot be read: {error.strerror}. {REMEDY}") from error
    return _read(file, facts.st_mtime_ns, facts.st_size)


def home(folder: Path | None) -> Path:
    """`folder`, or where the golden files of this installation lie."""
    return (places.folder("fixtures") if folder is None else folder).resolve()


def select(pattern: str | Iterable[str] | None = None, folder: Path | None = None) -> list[str]:
    """The ids that match, in the manifest's order.

    Args:
        pattern: An id, a glob (any of ``*?[``), a part of ids, or several of these; None
            selects every case.
        folder: Where the golden files lie.

    Raises:
        SelectionError: a pattern matches nothing; the message shows near names.
        GoldenFileError: the manifest is missing or damaged.
    """
    known = list(manifest(folder).entries)
    if pattern is None:
        return known
    patterns = [pattern] if isinstance(pattern, str) else list(pattern)
    if not patterns:
        raise SelectionError(
            "no pattern was given, at least one was wanted. Give an id, a glob such as "
            "'spatial/*', or None for every case."
        )
    chosen = {name for wanted in patterns for name in _match(wanted, known)}
    return [name for name in known if name in chosen]


def matches(pattern: str, known: Collection[str]) -> list[str]:
    """The ids that a pattern means, in their order; none where it matches nothing."""
    if pattern in known:
        return [pattern]  # an id may be a part of other ids
    if any(sign in pattern for sign in "*?["):
        return [name for name in known if fnmatchcase(name, pattern)]
    return [name for name in known if pattern in name]


def _match(pattern: str, known: list[str]) -> list[str]:
    found = matches(pattern, known)
    if not found or not pattern:
        raise SelectionError(f"no case matches {pattern!r}. {near(pattern, known)}")
    return found


def near(wanted: str, known: Iterable[str]) -> str:
    """A sentence with the ids that look most like `wanted`."""
    ids = list(known)
    group = sorted({name.split("/")[0] for name in ids})
    close = get_close_matches(wanted, ids, n=_NEAR, cutoff=0.4)
    if close:
        return f"Near names are: {', '.join(close)}."
    return f"Groups are: {', '.join(group)}; try one of them, followed by '/*'."


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int, size: int) -> Manifest:
    # The time of change and the size are the key of the cache: a suite asks once per case.
    if size > _LARGEST:
        raise GoldenFileError(f"{file} has {size} bytes, at most {_LARGEST} were wanted. {REMEDY}")
    try:
        payload = json.loads(documents.read_bytes(file, _LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise GoldenFileError(f"{file} is no readable JSON: {error}. {REMEDY}") from error
    found = payload.get("schema") if isinstance(payload, dict) else None
    if found != content.SCHEMA:
        raise GoldenFileError(
            f"{file} has schema {found!r}, {content.SCHEMA!r} was wanted. "
            "Use the golden files that came with this version of the package."
        )
    try:
        return _decode(payload)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GoldenFileError(
            f"{file} does not keep schema {content.SCHEMA!r}: {error!r}. {REMEDY}"
        ) from error


def _decode(payload: dict[str, Any]) -> Manifest:
    if payload["digest"] != _digest(payload["cases"]):
        raise ValueError(
            f"the cases have digest {_digest(payload['cases'])}, {payload['digest']} was wanted"
        )
    files = {name: GoldenFile(**file) for name, file in payload["files"].items()}
    entries = {name: _entry(name, said) for name, said in sorted(payload["cases"].items())}
    index = GoldenFile(**payload["index"])
    for name, file in {**files, INDEX: index}.items():
        if not (isinstance(file.about, str) and type(file.size) is int and file.size >= 0):
            raise ValueError(f"{name!r} has size {file.size!r}, a number of bytes was wanted")
    homeless = [entry.id for entry in entries.values() if f"{entry.group}.h5" not in files]
    if homeless or not entries:
        raise ValueError(f"{homeless[:_NEAR] or 'no case'} in {sorted(files)}")
    return Manifest(
        generator=str(payload["generator"]),
        digest=payload["digest"],
        index=index,
        files=files,
        entries=entries,
    )


def _entry(name: str, said: dict[str, Any]) -> CaseEntry:
    # An id becomes a file name and a path inside that file: one component each.
    if not content.ID.fullmatch(name):
        raise ValueError(f"{name!r} is no id")
    due = tuple(said["due"])
    if not due or not set(due) <= set(content.OUTPUTS):
        raise ValueError(f"{name!r} has outputs {due}, some of {content.OUTPUTS} were wanted")
    words = {key: word for key, word in said.items() if key != "due"}
    if not all(isinstance(word, str) for word in words.values()):
        raise ValueError(f"{name!r} says {words}, texts were wanted")
    return CaseEntry(**{**said, "due": due}, id=name, group=name.split("/", maxsplit=1)[0])


def _plain(entry: CaseEntry) -> dict[str, Any]:
    said = asdict(entry)
    del said["id"], said["group"]  # the key says both
    return {**said, "due": list(entry.due)}


def _digest(cases: Mapping[str, Any]) -> str:
    text = json.dumps(cases, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
