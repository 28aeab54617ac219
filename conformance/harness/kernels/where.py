"""Predicates of a scope, such as ``C % 32 == 0``: read by a small grammar, never run as code.

    or        = and ("or" and)*
    and       = not ("and" not)*
    not       = "not" not | "(" or ")" | FACT | comparison
    comparison = sum (RELATION sum)+            32 <= C <= 1024
               | KIND ("==" | "!=") WORD        dtype == float32
    sum       = product (("+" | "-") product)*
    product   = operand (("*" | "//" | "%") operand)*
    operand   = NUMBER | NAME | "(" sum ")"

Numbers, facts and kinds are those of a call: `names` lists them.
"""

from __future__ import annotations

import operator
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from conformance.errors import InputError

Facts: TypeAlias = Mapping[str, float | bool | str]
"""What is known of a call: its numbers, facts and kinds, by name."""

_Value: TypeAlias = Callable[[Facts], float]
_Truth: TypeAlias = Callable[[Facts], bool]

NUMBERS = ("N", "C", "D", "H", "W", "L", "M", "rank", "size", "eps", "momentum")
"""Sizes of x (1 for an axis that it does not have), M values per channel, and the two floats."""

FACTS = ("contiguous", "training", "gamma", "beta", "dy", "mask", "running")
"""What holds or does not: x contiguous as the kernel sees it, and which arrays are given."""

_LAYOUTS = ("NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC", "per-activation")
_TYPES = ("float64", "float32", "float16", "bfloat16")

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"dtype": _TYPES, "parameters": _TYPES, "layout": _LAYOUTS, "mode": ("train", "test")}
)
"""Kinds of a call, each with the words that it is one of."""

MOST = 32
"""Predicates of one scope."""

LONGEST = 200
"""Characters of one predicate."""

_LARGEST = 2.0**53
_DEEPEST = 16

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:-activation)?)|(?P<sign>==|!=|<=|>=|//|[<>%*+()-]))",
    re.ASCII,
)
_RELATIONS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<=": operator.le,
        ">=": operator.ge,
        "<": operator.lt,
        ">": operator.gt,
    }
)


@dataclass(frozen=True, slots=True)
class Predicate:
    """One condition on calls.

    Attributes:
        text: It, with single spaces: two that say the same in the same words are equal.
        numbers: The numbers that stand in it, for who looks for a call that meets it.
        holds: Whether a call with such facts meets it.
    """

    text: str
    numbers: tuple[float, ...]
    holds: _Truth


def names() -> str:
    """All that a predicate may speak of, in a sentence."""
    kinds = "; ".join(f"{name} == {' | '.join(words)}" for name, words in KINDS.items())
    return (
        f"numbers {', '.join(NUMBERS)} with + - * // % and == != < <= > >=; facts "
        f"{', '.join(FACTS)}; {kinds}; and, or, not, parentheses"
    )


def parsed(said: Iterable[object]) -> tuple[Predicate, ...]:
    """Read several predicates, all of which are to hold.

    Raises:
        InputError: one is none; the message lists what there is.
    """
    texts = list(said)
    if len(texts) > MOST:
        raise InputError(f"a scope has {len(texts)} predicates, at most {MOST} were wanted.")
    return tuple(parse(text) for text in texts)


def parse(text: object) -> Predicate:
    """Read one predicate.

    Raises:
        InputError: it is none; the message lists what there is.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise _not_understood(text, f"a text of 1 to {LONGEST} characters was wanted")
    return _Reader(text).read()


def _not_understood(text: object, why: str) -> InputError:
    return InputError(
        f"the predicate {reprlib.repr(text)} is not understood: {why}. Understood are {names()}."
    )


class _Reader:
    """Reads one text from left to right; makes functions of facts."""

    def __init__(self, text: str) -> None:
        self._text, self._tokens, place = text, list[str](), 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                raise _not_understood(text, f"{text[place:].strip()[:10]!r} is no word of it")
            self._tokens.append(found.group().strip())
            place = found.end()
        self._at, self._depth = 0, 0
        self._numbers: list[float] = []

    def read(self) -> Predicate:
        """The whole text as one predicate."""
        holds = self._or()
        if self._at < len(self._tokens):
            raise self._fault("its end was wanted")
        text = " ".join(self._tokens).replace("( ", "(").replace(" )", ")")
        if len(text) > LONGEST:  # so that what is told of it is read again
            raise _not_understood(self._text, f"at most {LONGEST} characters were wanted")
        return Predicate(text, tuple(self._numbers), holds)

    def _fault(self, wanted: str) -> InputError:
        found = self._next()
        return _not_understood(self._text, f"{found!r} was found and {wanted}")

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _took(self, *words: str) -> str:
        """The next token where it is one of these, and the step over it; else nothing."""
        found = self._next()
        if found not in words or not found:
            return ""
        self._at += 1
        return found

    def _or(self) -> _Truth:
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda facts: any(part(facts) for part in parts)

    def _and(self) -> _Truth:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda facts: all(part(facts) for part in parts)

    def _not(self) -> _Truth:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fault("fewer levels were wanted")
        try:
            if self._took("not"):
                inner = self._not()
                return lambda facts: not inner(facts)
            return self._grouped() or self._fact() or self._kind() or self._compared()
        finally:
            self._depth -= 1

    def _grouped(self) -> _Truth | None:
        """A condition in parentheses; none where these hold a sum."""
        back = self._at, len(self._numbers)
        if not self._took("("):
            return None
        try:
            inner = self._or()
        except InputError:
            inner = None
        followed = inner is not None and self._took(")")
        if followed and self._next() in ("", ")", "and", "or"):
            return inner
        self._at = back[0]
        del self._numbers[back[1] :]
        return None

    def _fact(self) -> _Truth | None:
        name = self._took(*FACTS)
        return (lambda facts: bool(facts[name])) if name else None

    def _kind(self) -> _Truth | None:
        name = self._took(*KINDS)
        if not name:
            return None
        relation = self._took("==", "!=")
        if not relation:
            raise self._fault("== or != was wanted")
        word = self._took(*KINDS[name])
        if not word:
            raise self._fault(f"one of {', '.join(KINDS[name])} was wanted")
        return lambda facts: (facts[name] == word) == (relation == "==")

    def _compared(self) -> _Truth:
        values, relations = [self._sum()], []
        while relation := self._took(*_RELATIONS):
            relations.append(_RELATIONS[relation])
            values.append(self._sum())
        if not relations:
            raise self._fault("one of == != < <= > >= was wanted")

        def holds(facts: Facts) -> bool:
            try:
                found = [value(facts) for value in values]
            except (ZeroDivisionError, OverflowError):
                return False
            return all(r(a, b) for r, a, b in zip(relations, found, found[1:], strict=False))

        return holds

    def _sum(self) -> _Value:
        value = self._product()
        while sign := self._took("+", "-"):
            value = _joined(operator.add if sign == "+" else operator.sub, value, self._product())
        return value

    def _product(self) -> _Value:
        value = self._operand()
        while sign := self._took("*", "//", "%"):
            value = _joined(_PRODUCTS[sign], value, self._operand())
        return value

    def _operand(self) -> _Value:
        if self._took("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._fault("fewer levels were wanted")
            inner = self._sum()
            self._depth -= 1
            if not self._took(")"):
                raise self._fault("a closing parenthesis was wanted")
            return inner
        name = self._took(*NUMBERS)
        if name:
            return lambda facts: float(facts[name])
        return self._number()

    def _number(self) -> _Value:
        try:
            number = float(self._next())
        except ValueError:
            raise self._fault("a number or a name of one was wanted") from None
        if not 0 <= number <= _LARGEST:
            raise self._fault(f"a number up to {_LARGEST:g} was wanted")
        self._at += 1
        self._numbers.append(number)
        return lambda _: number


_PRODUCTS: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {"*": operator.mul, "//": operator.floordiv, "%": operator.mod}
)


def _joined(join: Callable[[float, float], float], one: _Value, other: _Value) -> _Value:
    return lambda facts: join(one(facts), other(facts))
