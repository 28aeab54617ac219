"""What a kernel is asked, and how its answer is to be judged."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One call, asked once or twice.

    Attributes:
        case: What is asked.
        repro: The command that repeats it.
        repeat: Whether an equal second call is asked, too, and the worse verdict kept.
        read_only: Whether the arrays cannot be written to.
        everywhere: Whether it is asked outside of the kernel's scope, too.
        is_solved: Whether `case` has its expected values; they are computed once the answer is in
            where it has not.
        sibling: A case of the same recipe, which says what is due where nothing came back.
    """

    case: Case
    repro: str = ""
    repeat: bool = True
    read_only: bool = False
    everywhere: bool = False
    is_solved: bool = True
    sibling: Case | None = None
