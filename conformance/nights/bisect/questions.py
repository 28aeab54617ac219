"""What a bisection is asked for, held against what this repository knows before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from conformance.arrays import OUTPUT_NAMES
from conformance.cases import golden
from conformance.errors import InputError
from conformance.nights.bisect.asking import Question
from conformance.nights.diff.request import adapters, required
from conformance.printable import value


def question_of(
    selector: str,
    case: str,
    *,
    outputs: Sequence[str],
    package: str | None,
    pinned: Sequence[str],
    repository: Path,
) -> tuple[Question, tuple[str, ...]]:
    """What every release is asked, and what is installed beside it at any version that fits.

    Args:
        selector: A path, such as ``torch/functional``.
        case: The id of a case.
        outputs: The outputs that are looked at; all if there are none.
        package: The distribution whose releases are asked; None for the first that is required.
        pinned: Others that are required, each as ``NAME==VERSION``.
        repository: The suite's git repository.

    Raises:
        InputError: one of them is none that this repository knows.
    """
    adapter, slash, path = selector.partition("/")
    known = adapters(repository)
    if not slash or not path or adapter not in known:
        raise _refused("the path", selector, [f"{name}/..." for name in sorted(known)])
    if case not in golden.manifest().entries:
        raise InputError(
            f"there is no case {value(case)}. conformance list cases shows what there is."
        )
    for name in outputs:
        if name not in OUTPUT_NAMES:
            raise _refused("an output", name, OUTPUT_NAMES)
    names = required(known[adapter])
    stays = dict(_pins(pinned, names))
    asked = str(canonicalize_name(package)) if package else next(iter(names), "")
    if asked not in names or asked in stays:
        raise _refused("the package", asked, [name for name in names if name not in stays])
    question = Question(
        adapter=adapter,
        path=path,
        case=case,
        outputs=tuple(outputs),
        package=asked,
        pinned=stays,
        leads=asked == names[0],
    )
    return question, tuple(name for name in names if name != asked and name not in stays)


def _pins(texts: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        said, equal, version = text.partition("==")
        name = str(canonicalize_name(said))
        if not equal or not version or name not in names:
            raise _refused("what stays", text, [f"{each}==VERSION" for each in names])
        yield name, version


def _refused(what: str, found: str, wanted: Sequence[str]) -> InputError:
    return InputError(
        f"{what} is {value(found)}; one of {', '.join(wanted) or 'nothing, for there is none,'} "
        "was wanted. See: conformance bisect --help"
    )
