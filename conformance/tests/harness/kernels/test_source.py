"""Tests of what is said about a kernel from outside."""

from __future__ import annotations

import pytest

from conformance.errors import InputError
from conformance.harness.kernels.source import Source, decode, parse_dialect


def test_a_source_travels_as_one_line() -> None:
    """What one process encodes another decodes to the same."""
    source = Source(selector="k.py:f", dialect={"momentum": "old"}, arrays="torch", memory_gib=1.5)
    assert "\n" not in source.encode()
    assert decode(source.encode()) == source


def test_the_name_of_an_adapter_is_no_source() -> None:
    """The worker tells adapters from kernels by the text alone."""
    assert decode("torch") is None


def test_conventions_are_read_from_one_option() -> None:
    """Several conventions are separated by commas, with or without blanks."""
    said = parse_dialect("momentum=old, running_var=biased")
    assert said == {"momentum": "old", "running_var": "biased"}
    assert parse_dialect("") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("momentum", "expected name=value"),
        ("momentum=older", "there is no convention momentum=older"),
        ("speed=fast", "running_var=unbiased|biased|none"),
    ],
)
def test_a_convention_that_does_not_exist_is_refused(text: str, words: str) -> None:
    """The message shows what was said and the conventions that there are."""
    with pytest.raises(InputError) as refused:
        parse_dialect(text)
    assert words in str(refused.value)


def test_arrays_that_do_not_exist_are_refused() -> None:
    """The message lists whose arrays a kernel may take."""
    with pytest.raises(InputError, match="numpy, torch, jax"):
        Source(selector="k.py:f", arrays="matlab")
