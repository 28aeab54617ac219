"""What environments of tox hold: a bill of materials of each, and its known weaknesses.

    python ci/materials.py torch jax    after these columns ran, in the environment ``materials``

Each leaves ``ENV.cdx.json`` (CycloneDX) and ``ENV.audit.json`` in ``night/materials``.  A package
that the index does not know, such as a nightly build, cannot be looked up and is counted.

exit status: 0 no weakness is known, 1 one is, 2 could not run, or nothing could be looked up
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from columns import ROOT


def main(argv: Sequence[str] | None = None) -> int:
    """List and look up what each environment holds."""
    parser = argparse.ArgumentParser(
        prog="materials", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("envs", nargs="+", metavar="ENV", help="environments of tox that ran")
    parser.add_argument("--night", type=Path, default=Path("night"), metavar="DIR")
    args = parser.parse_args(argv)
    known = {place.name: place for place in (ROOT / ".tox").glob("*") if place.is_dir()}
    missing = sorted(set(args.envs) - set(known))
    if missing:
        parser.error(f"no environment {', '.join(missing)}; run it first: tox run -e {missing[0]}")
    folder = args.night / "materials"
    folder.mkdir(parents=True, exist_ok=True)
    return max([_told(known[env], folder) for env in args.envs])


def _told(env: Path, folder: Path) -> int:
    """List and look up one environment; the status of the whole for it."""
    bill = folder / f"{env.name}.cdx.json"
    listing = ["cyclonedx-py", "environment", "--output-format", "JSON", "--output-file", str(bill)]
    listed = _run([*listing, "--", str(env / "bin" / "python")])
    print(listed.stderr, end="", file=sys.stderr)
    sites = [word for s in sorted(env.glob("lib/*/site-packages")) for word in ("--path", str(s))]
    looked = _run(["pip-audit", "--progress-spinner", "off", "--format", "json", *sites])
    (folder / f"{env.name}.audit.json").write_text(looked.stdout, encoding="utf-8")
    if listed.returncode or not sites:
        print(f"materials: {env.name} could not be listed", file=sys.stderr)
        return 2
    if not looked.stdout:  # no network, or one whose certificates are not known here
        why = (looked.stderr.strip().splitlines() or ["without a word"])[-1]
        print(f"materials: {env.name}: nothing could be looked up: {why}")
        return 2
    found = json.loads(looked.stdout)["dependencies"]
    weak = [(each, known["id"]) for each in found for known in each.get("vulns", [])]
    skipped = sum("skip_reason" in each for each in found)
    for each, name in weak:
        print(f"materials: {env.name}: {each['name']} {each['version']} has {name}")
    print(
        f"materials: {env.name}: {len(found)} packages, {len(weak)} known weaknesses, "
        f"{skipped} could not be looked up"
    )
    return 2 if skipped == len(found) else 1 if weak else 0


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # By the interpreter of this environment, whose tools have no other place.
    words = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    return subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own


if __name__ == "__main__":
    sys.exit(main())
