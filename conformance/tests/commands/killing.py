"""Every command that writes, killed at random moments: what is there is old or new, never half.

    python -m conformance.tests.commands.killing --kills 200

Half of the kills come after a random time, half at a random one of the operations on files that a
whole run of the command makes.  After each, the command runs once more to its end, and nothing of
the killed one may be left.
"""

# ruff: noqa: T201 - it prints what it counted
from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from conformance.tests.commands.written import COMMANDS, OLD, Written

_AT = """
import os, signal, sys
from pathlib import Path
at, told = int(sys.argv.pop(1)), Path(sys.argv.pop(1))
COUNTED = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "fcntl.flock"}
MAKING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
count = 0
def hook(event, args):
    global count
    if event in COUNTED or event == "open" and isinstance(args[2], int) and args[2] & MAKING:
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
try:
    exec(sys.argv.pop(1))
finally:
    counted = count
    told.write_text(str(counted))
"""
"""Runs a line of Python and kills itself at the n-th operation; else it tells how many there were.
"""

_ENTER = "from conformance.cli import main; status = main(sys.argv[1:]); sys.stdout.flush()"


@dataclass(slots=True)
class Counts:
    """What became of the kills of one command."""

    kills: int = 0
    states: Counter[str] = field(default_factory=Counter)
    left: int = 0
    faults: list[str] = field(default_factory=list)


class Victim:
    """A command in a folder of its own, with the outputs of an earlier run in it."""

    def __init__(self, command: Written, place: Path) -> None:
        """Prepare the folder, and run the command once to learn how long and how much it writes."""
        self.command, self._base, self._place = command, place / "base", place / "trial"
        self._told = place / "told"
        (self._base / "tmp").mkdir(parents=True)
        command.prepare(self._base)
        self._fresh()
        begun = time.monotonic()
        process = self.start(0)
        said = process.communicate()
        self.seconds = time.monotonic() - begun
        assert process.returncode == 0, said
        assert command.state(self._place) == "new", said
        self.operations = int(self._told.read_text())
        self._names = self._listed()

    def kill(self, chance: random.Random, counts: Counts) -> None:
        """Kill it once, look, run it again, and look again."""
        self._fresh()
        counts.kills += 1
        timed = chance.random() < 0.5
        process = self.start(0 if timed else chance.randint(1, self.operations))
        try:
            process.wait(chance.uniform(0, 1.02 * self.seconds) if timed else 60)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        try:
            counts.states[self.command.state(self._place)] += 1
        except Exception as error:  # noqa: BLE001 - whatever a reader says of it
            counts.faults.append(f"{self.command.name}: half: {error!r}")
            return
        counts.left += len(self._leftovers())
        self.command.again(self._place)
        process = self.start(0)
        said = process.communicate()
        if process.returncode or self.command.state(self._place) != "new":
            counts.faults.append(f"{self.command.name}: does not run again: {said}")
        if left := self._leftovers():
            counts.faults.append(f"{self.command.name}: left after the next start: {left}")
        if (names := self._listed()) != self._names:
            counts.faults.append(f"{self.command.name}: {sorted(names ^ self._names)}")

    def start(self, at: int) -> subprocess.Popen[str]:
        """Start the command; it kills itself at an operation, or with 0 at none."""
        line = self.command.code or _ENTER
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _AT, str(at), str(self._told), line, *self.command.words],
            cwd=self._place,
            env={
                **os.environ,
                "TMPDIR": str(self._place / "tmp"),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _fresh(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._base, self._place)

    def _leftovers(self) -> list[str]:
        known = {*self._base.rglob("*")}
        places = self._place.rglob(".conformance-[0-9]*")
        return [str(p) for p in places if self._base / p.relative_to(self._place) not in known]

    def _listed(self) -> set[str]:
        return {str(p.relative_to(self._place)) for p in self._place.rglob("*")}


def main() -> int:
    """Kill every command, print what became of it; 1 if anything was half or left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    faults = []
    with tempfile.TemporaryDirectory() as place:
        for name, counts in killed(Path(place), args.kills, args.seed).items():
            states = ", ".join(f"{n} {state}" for state, n in sorted(counts.states.items()))
            print(f"{name:<14}{counts.kills:>4} kills: {states}; {counts.left} left until the next")
            faults += counts.faults
    print(*faults, sep="\n")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


def killed(place: Path, kills: int, seed: int) -> dict[str, Counts]:
    """Kill all commands in turn."""
    chance = random.Random(seed)  # noqa: S311 - no secret depends on it
    found = {}
    for number, command in enumerate(COMMANDS):
        victim, counts = Victim(command, place / command.name), Counts()
        for _ in range(kills // len(COMMANDS) + (number < kills % len(COMMANDS))):
            victim.kill(chance, counts)
        found[command.name] = counts
        shutil.rmtree(place / command.name)
    return found


if __name__ == "__main__":
    print(f"old content is {OLD!r} where it is text")
    sys.exit(main())
