"""Waiting for a change of a kernel's files: what counts as one, and when it is over."""

from __future__ import annotations

from pathlib import Path

from conformance.checking.named import named
from conformance.checking.watching import changed, seen


def test_a_change_is_waited_for_until_it_is_settled(tmp_path: Path) -> None:
    """A helper that the kernel imports counts, and a file that is still being written is left."""
    kernel, helper = tmp_path / "k.py", tmp_path / "helper_of_k.py"
    kernel.write_text("import helper_of_k\ndef batch_norm(x): return x\n")
    helper.write_text("A = 1\n")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) in (3, 4):
            helper.write_text(f"A = {len(waited)}\n")

    with named(str(kernel)) as known:
        before = seen(known)
        changed(known, wait)
        assert seen(known) != before
    assert len(waited) == 5
