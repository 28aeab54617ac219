"""Small edits of the code that decides verdicts: do the nearest tests notice them?

    tox run -e mutation                     all groups
    tox run -e mutation -- bounds judge     some
    tox run -e mutation -- --grown          try again what survived: only tests were added

mutation/plan.toml says what is mutated, how, and before which tests; mutation/survivors.toml lists
what no test notices, with the reason.  Outcomes are kept in .mutation_cache while nothing in
conformance/ changes, so that a run that was broken off goes on where it was.

exit status: 0 every group holds; 1 too little was noticed, or survivors.toml does not say what
survived; 2 could not run
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from mutation.key import Key
from mutation.mutants import Mutant, mutants
from mutation.score import Score, listed, score
from mutation.trial import Ending, Trial, run

HERE = Path(__file__).resolve().parent / "mutation"
ROOT = HERE.parent.parent
KEPT = ROOT / ".mutation_cache" / "outcomes.json"
_PATIENCE, _LEAST = 8, 30.0
"""Times what the tests take on the unchanged code, and seconds at least, before a mutant hangs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the groups that are named."""
    parser = argparse.ArgumentParser(
        prog="mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    plan = tomllib.loads((HERE / "plan.toml").read_text(encoding="utf-8"))
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="all if none is named")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--grown", action="store_true", help="only tests were added since")
    args = parser.parse_args(argv)
    unknown = set(args.groups) - set(plan["group"])
    if unknown:
        parser.error(f"no group {sorted(unknown)}; there are {', '.join(plan['group'])}")
    known, kept = listed(HERE / "survivors.toml"), _Outcomes(KEPT, grown=args.grown)
    scores = []
    for name in args.groups or plan["group"]:
        survived = _tried(name, plan["group"][name], plan["operators"], kept, args.jobs)
        scores.append(score(name, plan["group"][name]["modules"], survived, known))
    return _told(scores, plan["needed"])


class _Outcomes:
    """Whether mutants survived, in a file; forgotten when anything in conformance/ changes."""

    def __init__(self, file: Path, *, grown: bool) -> None:
        self._file, self._digest = file, _digest()
        held = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        self._known: dict[str, bool] = held.get("survived", {})
        if held.get("digest") != self._digest:
            self._known = {k: v for k, v in self._known.items() if grown and not v}

    def get(self, mutant: Mutant) -> bool | None:
        """Whether it survived; None if nobody tried."""
        return self._known.get(_name(mutant))

    def keep(self, mutant: Mutant, *, survived: bool) -> None:
        """Write it down at once."""
        self._known[_name(mutant)] = survived
        self._file.parent.mkdir(exist_ok=True)
        content = {"digest": self._digest, "survived": self._known}
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
        part.replace(self._file)


def _digest() -> str:
    found = hashlib.sha256()
    for file in sorted((ROOT / "conformance").rglob("*.py")):
        found.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return found.hexdigest()


def _name(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant.key.module}\n{mutant.source}".encode()).hexdigest()


def _tried(
    name: str, group: Mapping[str, Any], operators: Iterable[str], kept: _Outcomes, jobs: int
) -> dict[Key, bool]:
    """Every mutant of a group, and whether it survived."""
    tests = tuple(group["tests"])
    every = [m for module in group["modules"] for m in mutants(ROOT, module, operators)]
    left = [m for m in every if kept.get(m) is None]
    print(f"{name}: {len(every)} mutants, {len(every) - len(left)} known", flush=True)
    if left:
        patience = max(_LEAST, _PATIENCE * _unchanged(name, tests))
        trials = {Trial(ROOT, tests, patience, m.key.module, m.source): m for m in left}
        begun = monotonic()
        for number, ending in enumerate(run(trials, jobs), start=1):
            mutant = trials[ending.trial]
            kept.keep(mutant, survived=ending.status == 0)
            if ending.status == 0 or ending.status is None:
                word = "survived" if ending.status == 0 else "hung"
                print(f"{word} ({number} of {len(left)}): {mutant.key}", flush=True)
        print(f"{name}: {len(left)} tried in {monotonic() - begun:.0f} s", flush=True)
    survived: dict[Key, bool] = {}
    for mutant in every:  # edits that look the same count as one, noticed if all of them are
        survived[mutant.key] = survived.get(mutant.key, False) or bool(kept.get(mutant))
    return survived


def _unchanged(name: str, tests: tuple[str, ...]) -> float:
    """Seconds that the tests of a group take on the code as it is, on which they must pass."""
    ending: Ending = next(iter(run([Trial(ROOT, tests, 600.0)], 1)))
    if ending.status != 0:
        print(
            f"{name}: pytest {' '.join(tests)} ended with {ending.status} on the unchanged code, "
            "0 was wanted. Make the tests pass first.",
            file=sys.stderr,
        )
        raise SystemExit(2)
    return ending.seconds


def _told(scores: Sequence[Score], needed: float) -> int:
    print(f"\n{'group':10} {'mutants':>8} {'equivalent':>11} {'noticed':>8} {'score':>7}")
    for one in scores:
        line = f"{one.name:10} {one.mutants:8} {one.equivalent:11} {one.noticed:8} {one.part:7.1%}"
        print(line + ("" if one.part >= needed else f"  less than {needed:.0%}"))
    for one in scores:
        for key in one.new:
            print(f"\nsurvived and is not in survivors.toml: {key}")
        for key in one.stale:
            print(f"\nis in survivors.toml and did not survive: {key}")
    return 0 if all(one.holds(needed) for one in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
