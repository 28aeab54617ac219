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
        now = changed(known, before, wait)
        assert now == seen(known) != before
    assert len(waited) == 5


def test_a_change_while_the_kernel_is_checked_counts(tmp_path: Path) -> None:
    """What changed since the state that is given is told without waiting for another change."""
    kernel = tmp_path / "k.py"
    kernel.write_text("def batch_norm(x): return x\n")
    with named(str(kernel)) as known:
        before = seen(known)
        kernel.write_text("def batch_norm(x): return 2 * x\n")
        waited: list[float] = []
        assert changed(known, before, waited.append) != before
    assert len(waited) == 1
