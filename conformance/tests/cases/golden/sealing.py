"""Forging manifests: what somebody who can write the whole folder would do."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from conformance.cases.golden.listing import INDEX, NAME


def seal(folder: Path, **about: str) -> None:
    """Make the manifest agree with the files that are there; `about` changes their purpose."""
    manifest = folder / NAME
    payload = json.loads(manifest.read_bytes())
    for name, facts in {**payload["files"], INDEX: payload["index"]}.items():
        data = (folder / name).read_bytes()
        facts |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        facts["about"] = about.get(name.removesuffix(".h5"), facts["about"])
    manifest.write_text(json.dumps(payload), encoding="utf-8")
