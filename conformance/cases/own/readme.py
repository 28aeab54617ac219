"""The README of golden files of one's own: what they are, and the format's own description."""

from __future__ import annotations

import re

from conformance import places
from conformance.cases.own.draft import Draft

_SECTIONS = ("One file", "One case", "Bounds", "The digest of a case")

_HEAD = """\
# Golden files: {name}

{about}

{cases} of batch normalization with their exact answers: {listed}. Every expected value is
the exact real answer for the given binary floats, rounded once to float64 (nearest even), and was
proven to be by a verifier that shares no code with what computed it. You need nothing but HDF5 to
use them:

```python
import h5py

with h5py.File("{file}") as file:
    for name, case in file.items():
        print(name, case["x"].shape, case.attrs["eps"], case["expected/y"].shape)
```

"""

_END = """\
## Verify

    conformance generate --verify --out FOLDER

solves the stored inputs anew, proves every stored value, compares every byte, changes nothing, and
exits with 1 at any difference. The files do not depend on the machine that made them.
"""


def readme(drafts: list[Draft], about: str) -> str:
    """The text of the README of some cases."""
    groups = sorted({draft.group for draft in drafts})
    told = f"{len(drafts):,} problem{'s' if len(drafts) > 1 else ''}"
    files = [f"`{group}.h5`" for group in groups]
    head = _HEAD.format(
        name=", ".join(groups), about=about, cases=told, listed=", ".join(files),
        file=f"{groups[0]}.h5",
    )  # fmt: skip
    return head + _sections() + _END


def _sections() -> str:
    text = (places.folder("fixtures") / "README.md").read_text(encoding="utf-8")
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return "".join(part for part in parts if part.startswith(tuple(f"## {n}\n" for n in _SECTIONS)))
