"""Whether anything turns red on another machine, as far as this one can be made to act like it.

    python ci/machines.py                    every pinned column under every setting it may heed
    python ci/machines.py torch jax          some columns
    python ci/machines.py --case 'offset/*'  other cases
    python ci/machines.py --python jax=.venv/bin/python   with this Python instead of tox's

A column is a folder of ``adapters``, as ``ci/columns.py`` finds it, and runs in its environment of
tox.  A setting is a choice of environment variables that limit instructions or threads; one that
only some packages read is left out where ``requirements.txt`` names none of them.  Records, and
what came out as ``machines.json``, lie in the folder ``machines``.

It takes a sample of the cases: those in which other instructions and another order of adding have
the most to change, as whole runs under these settings showed (``ci/machine_settings.py``).

exit status: 0 nothing red under any setting, 1 something is, 2 could not run
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from columns import ROOT, Column, ColumnError, columns
from machine_settings import HERE, SAMPLE, SETTINGS, Setting

OUTPUTS_OF_A_REFUSAL = "on this machine: "
"""How the reason of an output begins that the machine was found not to compute."""

RED = frozenset({"fail", "error", "crash", "timeout", "unexpected-pass"})


Results: TypeAlias = dict[tuple[str, str, str], dict[str, Any]]
"""What came out, by path, case and output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One column under one setting, beside itself as it is.

    Attributes:
        column: The column.
        setting: Name of the setting.
        variables: What was set.
        cases: How many cases ran on each path.
        outputs: How many outputs of all paths are due.
        compared: How many of them were held against an expected value.
        bits: How many came back in both runs, with other bits.
        flipped: How many have another status or grade, of those that both runs compared.
        lacking: How many the machine was found not to compute.
        red: Outputs that make the run fail, or why there is no run.
    """

    column: str
    setting: str
    variables: Mapping[str, str]
    cases: int = 0
    outputs: int = 0
    compared: int = 0
    bits: int = 0
    flipped: int = 0
    lacking: int = 0
    red: tuple[str, ...] = field(default=())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the columns under the settings and print what changed."""
    args = _arguments(argv)
    shutil.rmtree(args.out, ignore_errors=True)
    found: list[Outcome] = []
    for column in args.chosen:
        python = args.python.get(column.env) or _tox_python(column)
        if python is None:
            print(f"machines: tox makes no environment {column.env}", file=sys.stderr)
            return 2
        found += list(_column(column, python, args))
        _write(args.out, found)
    print(table(found))
    return 1 if any(outcome.red for outcome in found) else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="machines", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("columns", nargs="*", metavar="COLUMN", help="environments of tox")
    parser.add_argument("--case", action="append", metavar="GLOB", help="instead of the sample")
    parser.add_argument("--setting", action="append", metavar="NAME", help="of the settings, some")
    parser.add_argument("--python", action="append", default=[], metavar="COLUMN=PATH")
    parser.add_argument("--out", type=Path, default=Path("machines"), metavar="DIR")
    args = parser.parse_args(argv)
    try:
        known = {c.env: c for c in columns() if c.channel == "pinned"}
    except ColumnError as error:
        parser.error(str(error))
    settings = {setting.name: setting for setting in SETTINGS}
    for what, given, there in (
        ("column", args.columns, known),
        ("setting", args.setting or [], settings),
    ):
        unknown = sorted(set(given) - there.keys())
        if unknown:
            parser.error(f"no {what} {', '.join(unknown)}; choose from {', '.join(there)}")
    if any("=" not in word for word in args.python):
        parser.error(
            f"--python {' '.join(args.python)}: COLUMN=PATH was wanted, such as jax=python"
        )
    args.python = dict(word.split("=", 1) for word in args.python)
    args.chosen = [known[env] for env in args.columns or known]
    # The machine as it is comes first: all else is held against it.
    args.settings = [s for s in SETTINGS if s is HERE or s.name in (args.setting or settings)]
    args.out = args.out.resolve()
    return args


def _tox_python(column: Column) -> str | None:
    """The Python of a column's environment, which tox makes if it is not there."""
    tox = [sys.executable, "-m", "tox"]
    made = subprocess.run([*tox, "run", "-q", "--notest", "-e", column.env], cwd=ROOT, check=False)  # noqa: S603 - our own
    asked = [*tox, "config", "-e", column.env, "-k", "env_python"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    words = [line.partition("=")[2].strip() for line in told.stdout.splitlines() if "=" in line]
    return words[0] if made.returncode == 0 and words else None


def _column(column: Column, python: str, args: argparse.Namespace) -> Iterator[Outcome]:
    base: Results = {}
    for setting in args.settings:
        if not heeds(column, setting):
            continue
        folder = args.out / column.env / setting.name.replace(" ", "-")
        why = run(column, python, setting, args.case or list(SAMPLE), folder)
        results = read(folder)
        base = base or results
        outcome = compare(column.env, setting, base, results, why)
        print(_line(outcome), flush=True)
        yield outcome


def heeds(column: Column, setting: Setting) -> bool:
    """Whether a package that the folder of a column installs reads the variables of a setting."""
    if not setting.read_by:
        return True
    lines = [
        line for file in column.requirements for line in (ROOT / file).read_text().splitlines()
    ]
    return any(line.strip().startswith(setting.read_by) for line in lines)


def run(column: Column, python: str, setting: Setting, cases: Sequence[str], folder: Path) -> str:
    """Run a column under a setting; why it left no record, or nothing."""
    chosen = [word for case in cases for word in ("--case", case)]
    command = [python, "-m", "conformance", "run", column.adapter, *chosen]
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "--records", str(folder)],
        cwd=folder,  # not the checkout: what is installed in the environment is what runs
        env={**_plain(), **setting.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (0, 1):
        return ""
    return f"exit status {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}"


def _plain() -> dict[str, str]:
    """The environment without what any setting sets: each setting starts from the same."""
    ours = {name for setting in SETTINGS for name in setting.variables}
    return {name: value for name, value in os.environ.items() if name not in ours}


def read(folder: Path) -> Results:
    """The results of all run records in a folder."""
    found: Results = {}
    for file in sorted(folder.rglob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        found |= {
            (record["path"], case["case"], name): result
            for case in record["cases"]
            for name, result in case["outputs"].items()
        }
    return found


def compare(column: str, setting: Setting, base: Results, results: Results, why: str) -> Outcome:
    """What a setting changed.

    Args:
        column: The column.
        setting: The setting.
        base: What came out as the machine is.
        results: What came out under the setting.
        why: Why there are no results, or nothing.
    """
    both = [(base[key], results[key]) for key in base.keys() & results.keys()]
    gone = [f"{' '.join(key)}: no result" for key in sorted(base.keys() - results.keys())]
    red = [
        f"{' '.join(key)}: {result['status']}: {result['reason']}"
        for key, result in results.items()
        if result["status"] in RED
    ]
    if not results:
        gone = [why or "no run record"]
    return Outcome(
        column=column,
        setting=setting.name,
        variables=setting.variables,
        cases=len({case for _, case, _ in results}),
        outputs=len(results),
        compared=sum(result["grade"] is not None for result in results.values()),
        bits=sum(bool(a["bits"] and b["bits"]) and a["bits"] != b["bits"] for a, b in both),
        flipped=sum(
            bool(a["grade"] and b["grade"])
            and (a["status"], a["grade"]) != (b["status"], b["grade"])
            for a, b in both
        ),
        lacking=sum(
            (result["reason"] or "").startswith(OUTPUTS_OF_A_REFUSAL) for result in results.values()
        ),
        red=(*red, *gone, *([why] if why and results else [])),
    )


def table(found: Sequence[Outcome]) -> str:
    """All outcomes as lines, then everything that is red."""
    head = (
        f"{'column':<12} {'setting':<14} {'cases':>5} {'outputs':>8} {'compared':>8} "
        f"{'bits':>6} {'flipped':>7} {'lacking':>7} {'red':>4}"
    )
    red = [f"  {o.column}, {o.setting}: {text[:200]}" for o in found for text in o.red[:20]]
    return "\n".join([head, *map(_line, found), *red])


def _line(o: Outcome) -> str:
    return (
        f"{o.column:<12} {o.setting:<14} {o.cases:>5} {o.outputs:>8,} {o.compared:>8,} "
        f"{o.bits:>6,} {o.flipped:>7,} {o.lacking:>7,} {len(o.red):>4,}"
    )


def _write(folder: Path, found: Sequence[Outcome]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    payload = {
        "schema": "conformance/machines/1",
        "sample": SAMPLE,
        "outcomes": [asdict(outcome) for outcome in found],
    }
    text = json.dumps(payload, indent=1) + "\n"
    (folder / "machines.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
