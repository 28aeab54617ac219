"""The course of a check, from a worker that has started to the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from conformance.case import Case
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
from conformance.checking.named import Named
from conformance.checking.options import Options
from conformance.checking.report import Convention, Report
from conformance.checking.selection import large_rows, matched, repro, repro_of_all, select
from conformance.checking.state import many
from conformance.checking.state.found import State
from conformance.checking.state.instances import Lived, live
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.errors import AdapterError
from conformance.harness import search_path
from conformance.harness.halt import Halt
from conformance.harness.kernels.source import Source
from conformance.harness.life import Life
from conformance.verdict.record import CaseResult, Status, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A check whose worker has started.

    Attributes:
        known: The kernel.
        options: How to check.
        source: What its worker is told.
        own: Cases instead of the stored ones.
        begun: When it began.
        clock: The same on the clock of `time.perf_counter`.
        halt: Ends it early.
    """

    known: Named
    options: Options
    source: Source
    own: Sequence[Case] | None
    begun: datetime
    clock: float
    halt: Halt

    def start(self, life: Life | None = None) -> Trial:
        """A trial of the kernel, in a worker that has started or in a new one."""
        trial = Trial(
            self.source,
            self.known.shown,
            case_seconds=self.options.timeout,
            life=life,
            hidden=self.options.hidden,
        )
        self.halt.watch(trial)
        return trial


def follow(opened: Opened, life: Life, progress: Callable[[int, int, CaseResult], None]) -> Report:
    """Ask the kernel all that is to be asked, and report.

    Args:
        opened: The check.
        life: Its worker, which was asked nothing yet.
        progress: Called after every case with how many are done, of how many, and its result.
    """
    # What selects nothing is refused before anything of it is run, and so is a damaged golden file.
    ids = select(opened.options) if opened.own is None else []
    files = opened.known.closure()  # the same
    code = own_code.digest()  # the worker is still starting, as a rule
    ahead = {case.id: case for case in golden.load(ids, opened.options.golden)} if ids else {}
    with opened.start(life) as trial:
        told = trial.describe()
        trial.check_parameters()
        trial.know(opened.options.known_failures)
        plan = _plan(trial, opened, ahead, progress)
        seen = _seen(trial, plan, opened)
        checked = Checked(
            known=opened.known,
            options=opened.options,
            told=told,
            files=files,
            code=code,
            is_own=opened.own is not None,
            started=written(opened.begun),
            clock=opened.clock,
        )
        return conclusion.report(checked, trial, seen, opened.halt)


def _seen(trial: Trial, plan: Plan, opened: Opened) -> Seen:
    """Ask all that is planned, and what follows from the answers."""
    halt = opened.halt
    asked = ask(trial, plan)
    tried = _in_order(asked.tried, opened.options)
    outputs = [o for one in [*tried, *asked.drawn] for o in one.result.outputs.values()]
    failed = any(o.status is Status.FAIL and not o.edges for o in outputs)
    conventions, state = _account(trial, plan, asked, opened, fails=failed)
    lived = Lived() if halt.why else live(trial, asked.ran)
    state = replace(state, sequences=lived.sequences, found=(*state.found, *lived.found))
    edges = (
        *levels.edges_of(one.result for one in tried),
        *read_only.found(trial, tried),
        *lived.edges,
    )
    options, seed = opened.options, plan.hidden.seed
    again = plan.again(seed)
    told = telling.Told() if halt.why else telling.quality(trial, tried, options, seed, again)
    asked.drawn.extend(told.wrong)
    state = _soaked(trial, plan, asked, state, opened)
    return Seen(
        hidden=plan.hidden,
        asked=asked,
        tried=tried,
        conventions=conventions,
        state=state,
        edges=edges,
        quality=told.quality,
        breaches=trial.breaches,
    )


def _plan(
    trial: Trial,
    opened: Opened,
    ahead: Mapping[str, Case],
    progress: Callable[[int, int, CaseResult], None],
) -> Plan:
    """What is to be asked of a kernel whose scope is known; some cases were read ahead."""
    known, options, own = opened.known, opened.options, opened.own
    ids = select(options, trial.scope) if own is None else []
    hidden = Drawn()
    if options.draws and ids:
        inside = [i for i in ids if trial.scope and not trial.scope.why_not(smoke.calls()[i])]
        hidden = fresh.draw(inside, options.tier, options.fresh_seed)
    return Plan(
        cases=_read(ids, ahead, options.golden) if own is None else list(own),
        large=large_rows(options) if own is None else (),
        memory_gib=options.memory_gib,
        seconds=options.timeout,
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


def _read(ids: Sequence[str], ahead: Mapping[str, Case], folder: Path | None) -> list[Case]:
    """The stored cases of these ids."""
    rest = [name for name in ids if name not in ahead]
    read = {case.id: case for case in golden.load(rest, folder)} if rest else {}
    return [ahead.get(name) or read[name] for name in ids]


def _in_order(tried: Sequence[Tried], options: Options) -> list[Tried]:
    """What was tried, in the order of the catalogue; inputs of a user's own as they came."""
    entries = golden.manifest(options.golden).entries
    places = {name: place for place, name in enumerate(entries)}
    last = len(places)
    return sorted(tried, key=lambda one: places.get(one.result.case, last))


def _account(
    trial: Trial, plan: Plan, asked: Asked, opened: Opened, *, fails: bool
) -> tuple[tuple[Convention, ...], State]:
    """What else is asked of a kernel once all cases are run: its conventions, and its state.

    Nothing where the check was stopped: a kernel that is gone answers wrong.
    """
    halt, nothing = opened.halt, State(seed=plan.hidden.seed)
    if halt.why:
        return (), nothing
    try:
        state = many.state(
            trial,
            asked.ran,
            plan.hidden.seed,
            opened.start,
            draws=plan.derives,
            tier=plan.tier,
        )
        conventions = _conventions(trial) if fails else ()
    except AdapterError:
        if not halt.why:
            raise
        return (), nothing
    return ((), nothing) if halt.why else (conventions, state)


def _soaked(trial: Trial, plan: Plan, asked: Asked, state: State, opened: Opened) -> State:
    """The state with what came of a soak, where one is asked for."""
    seconds = opened.options.soak
    if not seconds or opened.halt.why:
        return state
    with search_path.neighbours_last():
        from conformance.checking.state.soak import soak  # noqa: PLC0415 - where it is asked for

    done, found = soak(
        trial, asked.ran, state.seed, seconds, start=opened.start, progress=plan.progress
    )
    return replace(state, soak=done, found=(*state.found, *found))


def _conventions(trial: Trial) -> tuple[Convention, ...]:
    """Conventions by experiment, before anything is called wrong."""
    with search_path.neighbours_last():
        from conformance.checking import doctor  # noqa: PLC0415 - only for a kernel that fails

    return tuple(
        Convention(name=f.convention, found=f.found, sentence=f.sentence, setting=f.setting)
        for f in doctor.examine(trial.ask, trial.dialect)
        if f.setting is not None and f.confident
    )
