"""The nightly pipeline, for any scheduler: every column, then the history and the site.

    python ci/nightly.py                    the whole night
    python ci/nightly.py columns torch jax  some columns, on this machine
    python ci/nightly.py publish            what the columns left in night/, from any machine
    python ci/nightly.py rerun              run what got worse again: by whose doing?
    python ci/nightly.py compare            the same for a pull request: keeps nothing
    python ci/nightly.py check              raise alarms: was there a night, were all columns there?

A column is a tox environment, the same that a person runs; ``ci/columns.py`` finds them.  Each has
a time limit, and one that breaks costs itself alone.  Everything of a night lies in the folder
``night``: ``records`` and ``outcomes`` by environment, ``logs``, and at the end ``summary.md``.
Only Python and tox are needed.

exit status: 0 nothing got worse and no alarm, 1 something is wrong, 2 could not run
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from columns import ROOT, Column, ColumnError, columns

MINUTES = 60.0
_ENOUGH = 600
_LARGEST = 1 << 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the pipeline or a part of it."""
    parser = argparse.ArgumentParser(
        prog="nightly", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "part",
        nargs="?",
        choices=["all", "columns", "publish", "rerun", "compare", "check"],
        default="all",
    )
    parser.add_argument("columns", nargs="*", metavar="COLUMN", help="tox environments")
    parser.add_argument("--night", type=Path, default=Path("night"), metavar="DIR")
    parser.add_argument("--history", type=Path, default=Path("history"), metavar="DIR")
    parser.add_argument("--site", type=Path, default=Path("site"), metavar="DIR")
    parser.add_argument("--address", default="", metavar="URL", help="where the site will be")
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help=f"per column (default: {MINUTES:g})"
    )
    parser.add_argument(
        "--rerun", action="store_true", help="run what got worse again, and say by whose doing"
    )
    parser.add_argument(
        "--pytest", nargs=argparse.REMAINDER, default=[], metavar="ARG",
        help="last: arguments of the suite, such as --conformance-tier smoke",
    )  # fmt: skip
    args = parser.parse_args(argv)
    for name in ("night", "history", "site"):
        setattr(args, name, getattr(args, name).resolve())
    try:
        # Calls of every size take minutes, and their records are of another catalogue.  And what an
        # old release does changes with the suite alone, which `tox run -m older` tells.
        # Deployed models are held to a catalogue of their own, which no night has yet.
        apart = ("large", "older", "deployed")
        known = {column.env: column for column in columns() if column.channel not in apart}
    except ColumnError as error:
        parser.error(str(error))
    unknown = sorted(set(args.columns) - set(known))
    if unknown:
        parser.error(f"no column {', '.join(unknown)}; choose from {', '.join(known)}")
    if args.part == "all":
        shutil.rmtree(args.night, ignore_errors=True)
    if args.part in ("all", "columns"):
        # Those of a GPU run only if they are named: they want a machine that has one.
        usual = [env for env, column in known.items() if column.channel != "gpu"]
        for env in args.columns or usual:
            run_column(known[env], args.night, minutes=args.minutes, more=args.pytest)
    if args.part == "columns":
        return 0  # one that broke is told by the publication, which knows what was there before
    if args.part == "check":
        return _conformance(["history", "check", "--history", str(args.history)])
    if args.part == "rerun":
        return rerun(args)
    return compare(args) if args.part == "compare" else publish(args)


def run_column(column: Column, night: Path, *, minutes: float, more: Sequence[str] = ()) -> None:
    """Run one tox environment within a time limit; leaves records, a log and how it ended."""
    env = column.env
    records, log = night / "records" / env, night / "logs" / f"{env}.log"
    shutil.rmtree(records, ignore_errors=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"nightly: {env} ...", flush=True)
    begun = time.monotonic()
    command = [*_tox(), "-e", env, "--", "--conformance-records", str(records), *more]
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "CONFORMANCE_COMMIT": _commit()},
            start_new_session=True,
        )
        try:
            status: int | None = process.wait(timeout=minutes * 60)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
    seconds = time.monotonic() - begun
    reason = (
        f"{minutes:g} minutes were over" if status is None else "" if status == 0 else _last(log)
    )
    outcome = {
        "adapter": column.adapter,
        "channel": column.channel,
        "exit": status,
        "reason": reason,
        "seconds": round(seconds),
    }
    file = night / "outcomes" / f"{env}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    print(f"nightly: {env} ended with {status} after {seconds:.0f} s  {reason}", flush=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a column that is still running, with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _stop(number: int, _frame: object) -> None:
    """End as a shell tells it, by way of every ``finally``: no column goes on by itself."""
    sys.exit(128 + number)


def publish(args: argparse.Namespace) -> int:
    """Add the night to the history, compare it with the one before, make the site, raise alarms."""
    told, spoilt = _outcomes(args.night / "outcomes")
    outcomes = args.night / "outcomes.json"
    outcomes.parent.mkdir(parents=True, exist_ok=True)
    outcomes.write_text(json.dumps(told), encoding="utf-8")
    records = args.night / "records"
    records.mkdir(parents=True, exist_ok=True)
    history = ["--history", str(args.history)]
    had = any((args.history / "runs").rglob("*.parquet"))
    expected = ["--require", *_pinned()]
    summary = args.night / "summary.md"
    again = ["--rerun", "--repository", str(ROOT)] if args.rerun else []
    between = ["diff", "previous", "latest", *history, "--format", "markdown", *again]
    power = ["--power", str(ROOT / "docs" / "power.json"), "--address", args.address]
    steps = [["history", "add", str(records), *history, "--outcomes", str(outcomes), *expected]]
    if had:
        steps.append([*between, "--out", str(summary)])
    steps.append(["site", *history, "--out", str(args.site), *power])
    steps.append(["history", "check", *history])
    # Every step is taken: what changed is worth knowing where the site cannot be made.
    return max([int(spoilt), *(_conformance(step) for step in steps)])


def _outcomes(folder: Path) -> tuple[list[object], bool]:
    """How the environments ended, and whether a file cannot be read: the others go on."""
    told: list[object] = []
    files = sorted(folder.glob("*.json"))
    for file in files:
        try:
            if not file.is_file() or file.stat().st_size > _LARGEST:
                raise ValueError(f"a file of at most {_LARGEST:,} bytes was wanted")  # noqa: TRY301 - told below
            told.append(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            print(f"nightly: not used: {file}: {error}", flush=True)
    return told, len(told) != len(files)


def rerun(args: argparse.Namespace) -> int:
    """Say by whose doing the columns of the last night got worse; it keeps nothing.

    It runs frameworks and earlier commits, so it is a part of its own: where others run, it is
    given no right to write anywhere.
    """
    if sum(1 for _ in (args.history / "runs").rglob("*.parquet")) < 2:  # noqa: PLR2004 - two runs
        print("nightly: there is no earlier night to compare with", flush=True)
        return 0
    summary = str(args.night / "summary.md")
    between = ["diff", "previous", "latest", "--history", str(args.history)]
    again = ["--rerun", "--repository", str(ROOT)]
    return _conformance([*between, *again, "--format", "markdown", "--out", summary])


def compare(args: argparse.Namespace) -> int:
    """The matrix of the records, and what changed since the last night, if there was one."""
    records, report = str(args.night / "records"), str(args.night / "report")
    steps = [["matrix", records, "--out", report, "--require", *_pinned()]]
    if any((args.history / "runs").rglob("*.parquet")):
        between = ["diff", "latest", records, "--history", str(args.history)]
        summary = str(args.night / "summary.md")
        steps.append([*between, "--format", "markdown", "--out", summary])
    return max([_conformance(step) for step in steps])


def _pinned() -> list[str]:
    """The adapters that must report every night."""
    return [column.adapter for column in columns() if column.channel == "pinned"]


def _conformance(arguments: Sequence[str]) -> int:
    """Run ``conformance`` in tox's environment for it; the status is that of the command."""
    print(f"nightly: conformance {' '.join(arguments)}", flush=True)
    command = [*_tox(), "-e", "publish", "--", *arguments]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own
    return status if status in (0, 1) else 2


def _tox() -> list[str]:
    return [sys.executable, "-m", "tox", "run", "-q"]


def _commit() -> str:
    """The commit of the suite; empty where this is no git checkout."""
    git = shutil.which("git")
    if git is None:
        return ""
    told = subprocess.run(  # noqa: S603 - git, found above
        [git, "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def _last(log: Path) -> str:
    """The last lines of a log that say what went wrong."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "failed" in line.lower()]
    return " / ".join((telling or lines)[-3:])[-_ENOUGH:]


if __name__ == "__main__":
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, _stop)
    sys.exit(main())
