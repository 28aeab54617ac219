"""The check, opened: the kernel's worker starts first, and what judges it is loaded meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cases.tier_names import STANDARD
from conformance.checking.named import Named, named
from conformance.checking.options import BUDGET_SECONDS, CASE_SECONDS, Options
from conformance.checking.rule import Rule
from conformance.errors import InputError
from conformance.harness import search_path
from conformance.harness.halt import Halt
from conformance.harness.kernels.source import MEMORY_GIB, parse_dialect
from conformance.harness.life import Life
from conformance.harness.shield.apart import require_apart

if TYPE_CHECKING:
    from conformance.case import Case, Inputs
    from conformance.checking.report import Report
    from conformance.verdict.record import CaseResult


def check(
    kernel: object,
    *,
    tier: str | None = None,
    case: str | Iterable[str] | None = None,
    golden: str | Path | None = None,
    dtype: str | None = None,
    dialect: str | None = None,
    arrays: str | None = None,
    inputs: Inputs | Iterable[Inputs] | None = None,
    timeout: float = CASE_SECONDS,
    memory_gib: float = MEMORY_GIB,
    budget: float = BUDGET_SECONDS,
    fresh: bool = True,
    declare: Mapping[str, Any] | None = None,
    where: str | Iterable[str] = (),
    known_failures: Path | None = None,
    minimum_grade: str = "B",
    strict: bool = False,
    soak: float = 0.0,
    progress: Callable[[int, int, CaseResult], None] | None = None,
) -> Report:
    """Hold a kernel against the cases, in a process of its own.

    Args:
        kernel: A function over numpy, torch, JAX, TensorFlow or CUDA arrays, a `torch.nn.Module`
            or `torch.autograd.Function` class, a Keras layer class, a `flax.nnx` or `flax.linen`
            Module class; or a text that names one:
            ``"my_kernel.py:batch_norm"``, ``"module:object"``, ``"exec:COMMAND"``.
        tier: ``"smoke"``, ``"standard"`` or ``"large"``; None for the standard one.
        case: An id, a glob, a part of ids, or several of these; None for the whole tier.
        golden: A folder of golden files whose cases are asked instead of the catalogue's. Neither
            tiers nor fresh cases are of such a folder, which the kernel cannot read.
        dtype: Only cases whose x has this type, such as ``"float32"``.
        dialect: Conventions, such as ``"momentum=old,running_var=biased"``.
        arrays: Whose arrays the kernel takes; None recognises it.
        inputs: Calls of your own instead of the stored cases; solved exactly on the spot.
        timeout: Seconds that one case may take.
        memory_gib: GiB that the kernel may allocate; 0 for no limit.
        budget: Seconds that the whole check may take; what it did not come to is not run.
        fresh: Run cases that are drawn anew from a secret seed, too.
        declare: Entries of the kernel's attribute ``conformance`` said from here; they win.
        where: Predicates that narrow its scope, such as ``"C % 32 == 0"``, beside its own.
        known_failures: A file of known failures like an adapter's ``expectations.toml``, its path
            called ``kernel``; each must go on failing.
        minimum_grade: The worst grade that conforms: ``"A"``, ``"B"`` or ``"C"`` (what the
            single-pass variance loses).
        strict: Whether the edges must be kept, too; see `conformance.oracle.edges`.
        soak: Seconds for which small calls are asked again and again afterwards, in the same
            process; 0 for none.
        progress: Called after every case with how many are done, of how many, and its result; in a
            soak with seconds.

    Returns:
        The report; ``report.conforms`` is the verdict, ``print(report)`` the whole of it.

    Raises:
        AdapterError: there is no such kernel, or it does not load.
        ExpectationError: the file of known failures is malformed.
        GoldenFileError: the golden files are missing or damaged.
        SelectionError: nothing is selected; nothing compared is never a pass.
        InputError: an option or input that does not exist.
    """
    refuse_both(golden, tier=tier, inputs=inputs)
    wanted = (case,) if isinstance(case, str) else case
    options = Options(
        tier=tier or STANDARD,
        cases=None if wanted is None else tuple(wanted),
        dtype=dtype,
        dialect=None if dialect is None else parse_dialect(dialect),
        arrays=arrays,
        timeout=timeout,
        memory_gib=memory_gib,
        budget=budget,
        fresh=fresh and inputs is None,
        declare=dict(declare or {}),
        where=(where,) if isinstance(where, str) else tuple(where),
        known_failures=known_failures,
        rule=Rule(minimum_grade=minimum_grade, strict=strict),
        soak=soak,
        golden=None if golden is None else Path(golden),
    )
    own = None if inputs is None else _solved(inputs)
    with named(kernel) as known:
        return run(known, options, own=own, progress=progress or (lambda *_: None))


def run(
    known: Named,
    options: Options,
    *,
    own: Sequence[Case] | None = None,
    halt: Halt | None = None,
    progress: Callable[[int, int, CaseResult], None] = lambda *_: None,
) -> Report:
    """`check` on a kernel that has a name.

    Args:
        known: The kernel.
        options: How to check.
        own: Cases instead of the stored ones.
        halt: Ends the check early where it is told to: the report is then partial.
        progress: As for `check`.
    """
    require_apart(options.hidden, needed=known.files)
    begun, clock = datetime.now(UTC), time.perf_counter()
    source, halt = options.source(known), halt or Halt()
    life = Life(source.encode(), paths=source.places, hidden=options.hidden)
    with halt.within(options.budget + options.soak), closing(life):
        life.start()  # it runs nothing of the kernel until it is asked
        with search_path.neighbours_last():
            from conformance.checking import course  # noqa: PLC0415 - while the worker starts

        opened = course.Opened(
            known=known,
            options=options,
            source=source,
            own=own,
            begun=begun,
            clock=clock,
            halt=halt,
        )
        return course.follow(opened, life, progress)


def refuse_both(golden: str | Path | None, *, tier: str | None, inputs: object = None) -> None:
    """Refuse a folder of golden files beside another choice of what is asked.

    Raises:
        InputError: the message says which.
    """
    given = "a tier" if tier is not None else "inputs" if inputs is not None else ""
    if golden is not None and given:
        raise InputError(
            f"{given} and the golden files of {golden} were given, one of them was wanted: the "
            "folder is what is asked. Leave the other out."
        )


def _solved(inputs: Inputs | Iterable[Inputs]) -> Sequence[Case]:
    with search_path.neighbours_last():
        from conformance.case import Inputs  # noqa: PLC0415 - for such calls alone
        from conformance.checking.user_calls import solved  # noqa: PLC0415 - the same

    return solved([inputs] if isinstance(inputs, Inputs) else inputs)
