"""The check: a kernel over the cases, fresh cases among them, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from conformance.case import Case, Inputs
from conformance.cases import golden
from conformance.checking import (
    conclusion,
    fresh,
    levels,
    own_code,
    read_only,
    smoke,
    telling,
)
from conformance.checking.asking import Asked, Plan, ask
from conformance.checking.conclusion import Checked, Seen
from conformance.checking.fresh import Drawn
from conformance.checking.levels import Rule
from conformance.checking.named import Named, named
from conformance.checking.options import (
    BUDGET_SECONDS,
    CASE_SECONDS,
    Options,
    matched,
    repro,
    repro_of_all,
    select,
)
from conformance.checking.report import Convention, Report
from conformance.checking.state import many
from conformance.checking.state.found import State
from conformance.checking.state.instances import Lived, live
from conformance.checking.trial import Trial, Tried
from conformance.checking.user_calls import solved
from conformance.errors import AdapterError
from conformance.harness import run as runner
from conformance.harness.halt import Halt
from conformance.harness.kernels.source import MEMORY_GIB, parse_dialect
from conformance.verdict.record import CaseResult, Status


def check(
    kernel: object,
    *,
    tier: str = "standard",
    case: str | Iterable[str] | None = None,
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
            or `torch.autograd.Function` class, a Keras layer class; or a text that names one:
            ``"my_kernel.py:batch_norm"``, ``"module:object"``, ``"exec:COMMAND"``.
        tier: ``"smoke"`` or ``"standard"``.
        case: An id, a glob, a part of ids, or several of these; None for the whole tier.
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
        strict: Whether the edges must be kept, too; see `conformance.verdict.edges`.
        soak: Seconds for which small calls are asked again and again afterwards, in the same
            process; 0 for none.
        progress: Called after every case with how many are done, of how many, and its result; in a
            soak with seconds.

    Returns:
        The report; ``report.conforms`` is the verdict, ``print(report)`` the whole of it.

    Raises:
        AdapterError: there is no such kernel, or it does not load.
        ExpectationError: the file of known failures is malformed.
        SelectionError: nothing is selected; nothing compared is never a pass.
        InputError: an option or input that does not exist.
    """
    wanted = (case,) if isinstance(case, str) else case
    options = Options(
        tier=tier,
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
    )
    own = None if inputs is None else solved([inputs] if isinstance(inputs, Inputs) else inputs)
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
    started, clock = runner.now(), time.perf_counter()
    halt = halt or Halt()
    files = known.closure()  # before anything of it is run
    if own is None:
        matched(options)  # refuses what selects nothing, before anything is started

    def start() -> Trial:
        trial = Trial(options.source(known), known.shown, case_seconds=options.timeout)
        halt.watch(trial)
        return trial

    with (
        halt.within(options.budget + options.soak),
        start() as trial,
        ThreadPoolExecutor(max_workers=1) as pool,
    ):
        code = pool.submit(own_code.digest)  # this side has nothing to do while the kernel loads
        told = trial.describe()
        trial.check_parameters()
        trial.know(options.known_failures)
        plan = _plan(trial, known, options, own, progress)
        seen = _seen(trial, plan, options, start, halt)
    return conclusion.report(
        Checked(
            known=known,
            options=options,
            told=told,
            files=files,
            code=code.result(),
            is_own=own is not None,
            started=started,
            clock=clock,
        ),
        trial,
        seen,
        halt,
    )


def _seen(
    trial: Trial, plan: Plan, options: Options, start: Callable[[], Trial], halt: Halt
) -> Seen:
    """Ask all that is planned, and what follows from the answers."""
    asked = ask(trial, plan)
    tried = _in_order(asked.tried)
    outputs = [o for one in [*tried, *asked.drawn] for o in one.result.outputs.values()]
    failed = any(o.status is Status.FAIL and not o.edges for o in outputs)
    conventions, state = _account(trial, plan, asked, start, halt, fails=failed)
    lived = Lived() if halt.why else live(trial, asked.ran)
    state = replace(state, sequences=lived.sequences, found=(*state.found, *lived.found))
    edges = (
        *levels.edges_of(one.result for one in tried),
        *read_only.found(trial, tried),
        *lived.edges,
    )
    quality = None if halt.why else telling.quality(trial, tried, options, plan.hidden.seed)
    state = _soaked(trial, plan, asked, state, seconds=options.soak, start=start, halt=halt)
    return Seen(
        hidden=plan.hidden,
        asked=asked,
        tried=tried,
        conventions=conventions,
        state=state,
        edges=edges,
        quality=quality,
        breaches=trial.breaches,
    )


def _plan(
    trial: Trial,
    known: Named,
    options: Options,
    own: Sequence[Case] | None,
    progress: Callable[[int, int, CaseResult], None],
) -> Plan:
    """What is to be asked of a kernel whose scope is known."""
    ids = select(options, trial.scope) if own is None else []
    hidden = Drawn()
    if options.fresh and ids:
        inside = [i for i in ids if trial.scope and not trial.scope.why_not(smoke.calls()[i])]
        hidden = fresh.draw(inside, options.tier, options.fresh_seed)
    return Plan(
        cases=list(golden.load(ids)) if own is None else list(own),
        hidden=hidden,
        tier=options.tier,
        among=matched(options) if own is None and options.tier == "smoke" else (),
        draws=bool(hidden.seed) and options.cases is None,
        derives=own is None,
        dtype=options.dtype,
        repeat=partial(repro, known=known, options=options),
        again=partial(repro_of_all, known, options),
        progress=progress,
    )


def _in_order(tried: Sequence[Tried]) -> list[Tried]:
    """What was tried, in the order of the catalogue; inputs of a user's own as they came."""
    places = {name: place for place, name in enumerate(golden.manifest().entries)}
    return sorted(tried, key=lambda one: places.get(one.result.case, 0))


def _account(
    trial: Trial, plan: Plan, asked: Asked, start: Callable[[], Trial], halt: Halt, *, fails: bool
) -> tuple[tuple[Convention, ...], State]:
    """What else is asked of a kernel once all cases are run: its conventions, and its state.

    Nothing where the check was stopped: a kernel that is gone answers wrong.
    """
    nothing = State(seed=plan.hidden.seed)
    if halt.why:
        return (), nothing
    try:
        state = many.state(trial, asked.ran, plan.hidden.seed, start, draws=plan.derives)
        conventions = _conventions(trial) if fails else ()
    except AdapterError:
        if not halt.why:
            raise
        return (), nothing
    return ((), nothing) if halt.why else (conventions, state)


def _soaked(
    trial: Trial,
    plan: Plan,
    asked: Asked,
    state: State,
    *,
    seconds: float,
    start: Callable[[], Trial],
    halt: Halt,
) -> State:
    """The state with what came of a soak, where one is asked for."""
    if not seconds or halt.why:
        return state
    from conformance.checking.state.soak import soak  # noqa: PLC0415 - where it is asked for

    done, found = soak(trial, asked.ran, state.seed, seconds, start=start, progress=plan.progress)
    return replace(state, soak=done, found=(*state.found, *found))


def _conventions(trial: Trial) -> tuple[Convention, ...]:
    """Conventions by experiment, before anything is called wrong."""
    from conformance.checking import doctor  # noqa: PLC0415 - only for a kernel that fails

    return tuple(
        Convention(name=f.convention, found=f.found, sentence=f.sentence, setting=f.setting)
        for f in doctor.examine(trial.ask, trial.dialect)
        if f.setting is not None and f.confident
    )
