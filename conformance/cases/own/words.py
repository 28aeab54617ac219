"""The words of recipes: what x, dy and the parameters can be drawn from.

A word is followed by its numbers, and by changes after a space: ``normal:0:1``,
``varied put:0:3:nan``, ``offset:1000 times:1e-3``.  Each stands for one of the distributions of
`conformance.cases.catalogue`, whose formula the case then tells.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from conformance.cases.catalogue import upstream, values
from conformance.cases.catalogue.upstream import Upstream
from conformance.cases.catalogue.values import Values
from conformance.errors import RecipeError
from conformance.printable import value as shown

NONE = "none"
"""The word for an array that is not given."""

_MANY = 4096
"""The most numbers of one word."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and what it stands for.

    Attributes:
        form: How it is written, its numbers in capitals.
        about: What is drawn, in a sentence.
        make: From its numbers, what it stands for; a change is given what is changed first.
        numbers: How many numbers it may have.
        special: Whether a number may be NaN or infinite.
    """

    form: str
    about: str
    make: Callable[..., Any]
    numbers: tuple[int, ...] | range
    special: bool = False


def _whole(number: float) -> int:
    if not math.isfinite(number) or number != int(number):
        raise ValueError(f"{number:g} was found, a whole number was wanted")
    return int(number)


def _place(number: float) -> int:
    if number < 0:
        raise ValueError(f"place {number:g} was found, one of 0 or more was wanted")
    return _whole(number)


def _between(low: float, high: float) -> tuple[int, int]:
    if low > high:
        raise ValueError(f"{low:g} to {high:g} was found, the smaller one first was wanted")
    return _whole(low), _whole(high)


def _arranged(*deviations: float) -> Values:
    whole = tuple(map(_whole, deviations))
    if sum(whole):
        raise ValueError(f"the deviations sum to {sum(whole)}, 0 was wanted")
    return values.arranged(whole)


def _normal(mean: float = 0.0, sd: float = 1.0) -> Values:
    return values.normal(mean, sd)


_MANY_NUMBERS = range(1, _MANY)

VALUES: Mapping[str, Word] = MappingProxyType(
    {
        "varied": Word(
            "varied",
            "Channels whose means are away from 0 and differ, and whose deviations do too.",
            lambda: values.VARIED,
            (0,),
        ),
        "normal": Word(
            "normal:MEAN:SD", "One normal distribution for all channels; 0 and 1.", _normal, (0, 2)
        ),
        "uniform": Word(
            "uniform:LOW:HIGH", "Uniform numbers from LOW up to HIGH.", values.uniform, (2,)
        ),
        "signed": Word(
            "signed:LOW:HIGH",
            "Uniform magnitudes from LOW up to HIGH, negative in odd channels.",
            values.signed,
            (2,),
        ),
        "offset": Word(
            "offset:RATIO",
            "Channels whose mean is RATIO standard deviations, negative in odd channels.",
            values.offset,
            (1,),
        ),
        "constant": Word("constant:VALUE", "The same number everywhere.", values.given, (1,)),
        "given": Word(
            "given:NUMBER:NUMBER...",
            "The numbers themselves, through channel 0, then channel 1, ..., over again.",
            values.given,
            _MANY_NUMBERS,
        ),
        "integers": Word(
            "integers:LOW:HIGH",
            "Independent integers from LOW to HIGH, both included.",
            lambda low, high: values.integers(*_between(low, high)),
            (2,),
        ),
        "arranged": Word(
            "arranged:D:D...",
            "Small integers with the deviations D from their mean, in random order: sums that are "
            "exact, where a channel holds all D equally often.",
            _arranged,
            _MANY_NUMBERS,
        ),
    }
)
"""What x, gamma, beta and the running statistics can be drawn from."""

GRADIENTS: Mapping[str, Word] = MappingProxyType(
    {
        "usual": Word(
            "usual",
            "Correlated with x and of nonzero mean: no term of dx vanishes.",
            lambda: upstream.USUAL,
            (0,),
        ),
        "noise": Word("noise", "Normal numbers, independent of x.", lambda: upstream.NOISE, (0,)),
        "parallel": Word(
            "parallel",
            "A multiple of normalized x: dx is as good as 0, dgamma is largest.",
            lambda: upstream.PARALLEL,
            (0,),
        ),
        "centred": Word(
            "centred",
            "Noise of zero sum in each channel: dbeta is as good as 0.",
            lambda: upstream.CENTRED,
            (0,),
        ),
        "alternating": Word(
            "alternating", "+1, -1, +1, ... along each channel.", lambda: upstream.ALTERNATING, (0,)
        ),
        "constant": Word(
            "constant:VALUE", "As from the loss VALUE * y.sum().", upstream.constant, (1,)
        ),
        "level": Word(
            "level:NUMBER:NUMBER...",
            "One value per channel, over again where there are more channels.",
            upstream.level,
            _MANY_NUMBERS,
        ),
        "one-hot": Word(
            "one-hot:POSITION",
            "1 at one value of each channel, 0 elsewhere, as from the loss y[POSITION].",
            lambda position: upstream.one_hot(_place(position)),
            (1,),
        ),
        "halves": Word(
            "halves:FIRST:SECOND",
            "One value in the first half of each channel, another in the second.",
            upstream.halves,
            (2,),
        ),
        "integers": Word(
            "integers:LOW:HIGH",
            "Independent integers from LOW to HIGH, both included.",
            lambda low, high: upstream.integers(*_between(low, high)),
            (2,),
        ),
    }
)
"""What dy can be drawn from."""


def _put(drawn: Values | Upstream, channel: float, position: float, value: float) -> Any:
    place = _place(channel), _place(position)
    return drawn.but({place: value}) if isinstance(drawn, Values) else drawn.but(*place, value)


CHANGES: Mapping[str, Word] = MappingProxyType(
    {
        "times": Word(
            "times:FACTOR",
            "The same, each number multiplied by FACTOR.",
            lambda drawn, factor: drawn.times(factor),
            (1,),
        ),
        "put": Word(
            "put:CHANNEL:POSITION:VALUE",
            "The same, one number of a channel replaced; VALUE may be nan, inf or -inf.",
            _put,
            (3,),
            special=True,
        ),
        "relu": Word(
            "relu",
            "The same, negative numbers replaced by 0, as after a ReLU; not of dy.",
            lambda drawn: drawn.relu(),
            (0,),
        ),
    }
)
"""What may follow a word."""


def drawn_from(text: str) -> Values | None:
    """What x or a parameter is drawn from; None where the text is ``"none"``.

    Raises:
        RecipeError: the text has another word, or other numbers, than `VALUES` says.
    """
    found: Values | None = _made(text, VALUES, CHANGES)
    return found


def gradient_of(text: str) -> Upstream | None:
    """How dy is made; None where the text is ``"none"``.

    Raises:
        RecipeError: the text has another word, or other numbers, than `GRADIENTS` says.
    """
    changes = {name: word for name, word in CHANGES.items() if name != "relu"}
    found: Upstream | None = _made(text, GRADIENTS, changes)
    return found


def _made(text: str, words: Mapping[str, Word], changes: Mapping[str, Word]) -> Any:
    first, *rest = text.split() or [""]
    if first == NONE and not rest:
        return None
    made = _one(first, words)()
    for change in rest:
        made = _one(change, changes)(made)
    return made


def _one(text: str, words: Mapping[str, Word]) -> Callable[..., Any]:
    """What makes of what is changed, or of nothing, what a word with its numbers stands for."""
    name, *given = text.split(":")
    word = words.get(name)
    if word is None:
        near = get_close_matches(name, [*words, NONE], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise RecipeError(
            f"{shown(text)} was found, one of {', '.join(w.form for w in words.values())} was "
            f"wanted.{hint} See: conformance list recipes"
        )
    numbers = [_number(each, word) for each in given]
    if len(numbers) not in word.numbers:
        raise RecipeError(
            f"{shown(text)} has {len(numbers)} numbers, {word.form} was wanted. "
            "See: conformance list recipes"
        )

    def make(*changed: Any) -> Any:
        try:
            return word.make(*changed, *numbers)
        except ValueError as error:
            raise RecipeError(f"{shown(text)}: {error}. Write it as {word.form}") from error

    return make


def _number(text: str, word: Word) -> float:
    with contextlib.suppress(ValueError):
        found = float(text)
        if word.special or math.isfinite(found):
            return found
    raise RecipeError(
        f"{shown(text)} was found in {word.form}, a finite number was wanted. Write one."
    )
