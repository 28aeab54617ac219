"""What is asked of a worker: each question has a number that only its answer can carry."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from conformance.case import Array, Inputs
from conformance.harness import wire

Asked: TypeAlias = Literal["describe", "run", "reproduce", "series", "defaults"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a worker, and how much may come back.

    Attributes:
        do: What is asked.
        header: Its facts.
        arrays: Its arrays.
        inputs: The call, where outputs are to come back.
        repeat: Whether it is called twice.
        calls: The different calls of a series.
        order: Which of them comes when.
    """

    do: Asked
    header: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    inputs: Inputs | None = None
    repeat: bool = False
    calls: tuple[Inputs, ...] = ()
    order: tuple[int, ...] = ()

    @cached_property
    def number(self) -> str:
        """What an answer must carry; nobody can know it before the question is asked."""
        return secrets.token_hex(16)

    def encoded(self) -> list[memoryview]:
        """The question as a message."""
        facts = {"do": self.do, "number": self.number, "repeat": self.repeat}
        return wire.encode({**self.header, **facts}, self.arrays)


def call_of(
    path: str,
    inputs: Inputs,
    *,
    repeat: bool = False,
    leave_out: tuple[str, ...] = (),
    read_only: bool = False,
) -> Request:
    """To make a call on a path, or two equal ones; the worker is not told which case it is."""
    header, arrays = wire.pack(inputs)
    asked = {"path": path, "leave_out": leave_out, "read_only": read_only, **header}
    return Request(do="run", header=asked, arrays=arrays, inputs=inputs, repeat=repeat)


def defaults_of(path: str) -> Request:
    """To tell what the framework of a path does where a call says nothing."""
    return Request(do="defaults", header={"path": path})


def reproduction_of(path: str, inputs: Inputs, output: str) -> Request:
    """To write a program that makes a call and prints an output."""
    header, arrays = wire.pack(inputs)
    asked = {"path": path, "output": output, **header}
    return Request(do="reproduce", header=asked, arrays=arrays)
