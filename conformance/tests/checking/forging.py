"""Forged statements by hand: one function for each kind of lie or attack."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Said = dict[str, Any]


class Bomb:
    """What a pickle may hold: it touches a file when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("canary", "w"))


def _set(path: str, value: Any) -> Callable[[Said], None]:
    *parts, last = path.split(".")

    def forge(said: Said) -> None:
        inner: Any = said
        for part in parts:
            inner = inner[part]
        inner[last] = value

    return forge


def _change(path: str, act: Callable[[Any], Any]) -> Callable[[Said], None]:
    *parts, last = path.split(".")

    def forge(said: Said) -> None:
        inner: Any = said
        for part in parts:
            inner = inner[part]
        inner[last] = act(inner[last])

    return forge


def _results(act: Callable[[str, dict[str, str]], dict[str, str] | None]) -> Callable[[Said], None]:
    def forge(said: Said) -> None:
        found = {case: act(case, outputs) for case, outputs in said["results"].items()}
        said["results"] = {case: outputs for case, outputs in found.items() if outputs is not None}

    return forge


def _all(*acts: Callable[[Said], None]) -> Callable[[Said], None]:
    def forge(said: Said) -> None:
        for act in acts:
            act(said)

    return forge


def _more(said: Said) -> None:
    said["results"] |= {f"dense/other-{i}": {"y": "pass A"} for i in range(437)}


KINDS: Mapping[str, Callable[[Said], None]] = MappingProxyType(
    {
        # what is named is never run
        "a shell": _set("kernel.selector", "exec:/bin/sh -c 'touch canary'"),
        "a shell with npz": _set("kernel.selector", "exec+npz:/bin/sh -c 'touch canary'"),
        "a pickle": _set("kernel.selector", "pickle:bomb.pickle"),
        "a file": _set("kernel.selector", "bomb.py:batch_norm"),
        "a module": _set("kernel.selector", "bomb:batch_norm"),
        "a module of the library": _set("kernel.selector", "os:system"),
        "an option": _set("kernel.selector", "--no-fresh"),
        "code as about": _set("kernel.about", "__import__('os').system('touch canary')"),
        # files
        "a file above": _set("kernel.files", {"../k.py": "0" * 64}),
        "a file far above": _set("kernel.files", {"a/../../../etc/passwd": "0" * 64}),
        "an absolute file": _set("kernel.files", {"/etc/passwd": "0" * 64}),
        "a pipe": _set("kernel.files", {"pipe": "0" * 64}),
        "a device by a link": _set("kernel.files", {"zero": "0" * 64}),
        "no files": _set("kernel.files", {}),
        "another file": _set("kernel.files", {"k.py": "0" * 64}),
        "no digest": _set("kernel.sha256", None),
        "no digest and no files": _all(_set("kernel.files", {}), _set("kernel.sha256", None)),
        "known failures of a device": _set(
            "suite.expectations", {"file": "/dev/zero", "sha256": "0" * 64}
        ),
        # numbers that nothing bears out
        "one case is 443": _set("selected.cases", 443),
        "443 results": _all(_more, _set("selected.cases", 443)),
        "more passes": _change("counts", lambda c: {**c, "pass": 3686}),
        "fewer unsupported": _change("counts", lambda c: {**c, "unsupported": 0}),
        "more grades": _change("graded", lambda g: {**g, "A": 3686}),
        "a better grade": _set("grade", "B"),
        "no grade": _set("grade", None),
        "better grades": _change("grades", lambda g: {**g, "mean": "A"}),
        "conforms no more": _set("conforms", value=False),
        "passes for unsupported": _results(
            lambda _, o: {n: w.replace("unsupported", "pass A") for n, w in o.items()}
        ),
        "left out outputs": _results(lambda _, o: {"y": o["y"]}),
        "left out cases": _results(lambda c, o: o if c.endswith("float32") else None),
        "no outputs": _results(lambda _case, _outputs: {}),
        "a status that is none": _results(lambda _, o: dict.fromkeys(o, "perfect A")),
        "results in another order": _change("results", lambda r: dict(reversed(r.items()))),
        "the whole tier": _set("suite.case", None),
        "another type": _set("suite.dtype", "float64"),
        "another tier": _set("suite.tier", "smoke"),
        "own inputs": _set("suite.tier", "own inputs"),
        "a pattern without end": _set("suite.case", ["*" * 200]),
        # the suite
        "another catalogue": _set("suite.digest", "f" * 64),
        "a foreign catalogue": _set("suite.published", value=False),
        "a larger catalogue": _set("suite.cases", 444),
        "other code": _set("suite.code", "f" * 64),
        # fresh cases
        "certain odds": _set("fresh.odds", 1),
        "a larger share": _all(_set("fresh.least", 40), _set("fresh.odds", 1 - 0.5**40)),
        "many fresh cases": _all(_set("fresh.cases", 10**8), _set("fresh.compared", 10**8)),
        "compared more than asked": _change("fresh.compared", lambda n: n + 10**6),
        "no seed": _set("fresh.seed", ""),
        "betrayed": _set("fresh.disagree", ["dense/train-float32"]),
        "betrayed by nobody": _set("fresh.disagree", ["no/case"]),
        "spoilt": _set("spoilt", ["its process sent what was no answer"]),
        # the scope
        "a scope of all ranks": _set("selected.declared.ranks", [3]),
        "a predicate that was not declared": _set("selected.declared.where", ["C == 8"]),
        "a predicate that is none": _set("selected.declared.where", ["import os"]),
        "a wider scope": _change("scope.layouts", lambda names: [*names, "NDHWC"]),
        "a scope of no type": _set("scope.dtypes", []),
        "more cases compared": _change("scope.cases.compared", lambda n: n + 1),
        "more outputs compared": _change("scope.outputs.compared", lambda n: n + 1),
        "reasons left out": _set("scope.not", {}),
        "cases drawn that were not": _set("drawn.results", {"within/0": {"y": "pass A"}}),
        "a grade that was drawn": _set("drawn.grade", "A"),
        "parameters that it does not take": _set("selected.takes", ["x"]),
        "declared from outside": _set("suite.declare", {"fixed_eps": 0.5}),
        "narrowed from outside": _set("suite.where", ["C == 8"]),
        # what decides what is right
        "an eps that hides all": _set("selected.declared.fixed", {"eps": 1e300}),
        "a dialect that is none": _set("selected.dialect.momentum", "older"),
        # documents
        "partial": _set("partial", "stopped by Ctrl-C after 1 of 443 cases"),
        "an older schema": _set("schema", "conformance/statement/2"),
        "an escape sequence": _set("device", "\x1b[2J\x1b[1;32mHOLDS"),
        "a line that looks like a verdict": _set("device", "cpu\nHOLDS: statement.json"),
        "half a character": _set("device", "\ud800"),
        "a text without end": _set("device", "x" * 10**6),
        "deep": _set("notes", [[[[[[[["x"]]]]]]]]),
        "an entry more": _set("verified", value=True),
        "a date that is none": _set("date", "tomorrow"),
    }
)
"""What is done to a statement; its digest is then made to fit again."""


def bomb() -> bytes:
    """A pickle that leaves a file where it is loaded."""
    return pickle.dumps(Bomb())
