"""Which faults explain the wrong cells of a kernel: one everywhere, one in a part, two or three.

The order is that of how little is assumed: one fault that explains whole outputs everywhere, then
one in each mode or type of x, then two at once, and a third where two are there and leave an
output, then one that explains the greater part.  Of several that explain the same on all evidence,
none is told from the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from conformance.faults.fault import Fault
from conformance.faults.hearing import Account, Cell, Hearing, Scope
from conformance.faults.pairs import at_a_glance, pairs, spare

Parts: TypeAlias = dict[tuple[str, ...], set[Scope]]
"""The mode, the type of x or both that a fault is confined to; the scopes that are in it."""

_LEAST = 2
"""Cases that must tell a fault: on one, many a fault agrees by accident."""

_OTHERS = 16
"""Cases that must be right, as a fault says that they are, where one alone shows it."""

_MUTE = 3
"""Cases that must agree where none tells, since all that comes back is 0, infinite or NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A hypothesis that holds.

    Attributes:
        account: The hypothesis on all evidence.
        outputs: The outputs that it explains.
        agreed: Wrong cells of these that it explains.
        of: All wrong cells of these in its scope.
        only: The mode, the type of x or both that it is confined to.
        also: Hypotheses that explain the same cells.
    """

    account: Account
    outputs: frozenset[str]
    agreed: frozenset[Cell]
    of: frozenset[Cell]
    only: tuple[str, ...] = ()
    also: tuple[Account, ...] = ()


class Explaining:
    """The search for explanations; `left` are the wrong cells that none has yet."""

    def __init__(self, hearing: Hearing, faults: Iterable[Fault]) -> None:
        """Prepare it.

        Args:
            hearing: The evidence.
            faults: Those that the kernel may have.
        """
        self._hearing = hearing
        self._faults = tuple(faults)
        self._known: set[str] = set()
        self._whole: dict[tuple[str, ...], Account] = {}
        self._seen = {e.case.id for e in hearing.everything}
        self._cells: dict[str, list[Cell]] = defaultdict(list)
        for cell in hearing.failing:
            if cell[0] in self._seen:
                self._cells[cell[1]].append(cell)
        self.left = {cell for cells in self._cells.values() for cell in cells}
        self._scope = {e.case.id: e.scope for e in hearing.small}
        self._sampled = {e.case.id for e in hearing.sample}

    def run(self) -> Iterator[Explanation]:
        """Explanations, the surest first."""
        hear, sample = self._hearing.hear, self._hearing.sample
        everywhere: Parts = {(): set(self._scope.values())}
        quick = (hear((fault,), sample, whole=True) for fault in self._faults)
        for found in self._in(everywhere, [a for a in quick if a.agreed]):
            self._known |= set() if found.also else {*found.account.ids}
            yield found
        if not self.left:
            return
        parts = self._parts()
        names = {name for _, name in self.left}
        accounts = [hear((fault,), sample, outputs=names) for fault in self._faults]
        singles = [a for a in accounts if a.agreed]
        before = set(self.left)
        parted = list(self._in(parts, singles))
        if self.left:  # two faults everywhere are simpler than one here and none there
            self.left = before
            together = list(self._of_pairs(everywhere, accounts))
            yield from together
            for pair in together:
                yield from self._of_three(pair.account, everywhere[()])
            if self.left:
                yield from self._for_the_most(singles)
            parted = list(self._in(parts, singles))
        yield from parted
        if self.left:
            yield from self._of_pairs(parts, accounts)

    def _parts(self) -> Parts:
        """What a fault may be confined to: a mode, a type, or one of each; the widest first."""
        scopes = set(self._scope.values())
        parts: Parts = {}
        for place in (0, 1):
            for value in sorted({scope[place] for scope in scopes}):
                parts[value,] = {scope for scope in scopes if scope[place] == value}
        for scope in sorted(scopes):
            parts[scope] = {scope}
        return {only: inside for only, inside in parts.items() if inside < scopes}

    def _in(self, parts: Parts, accounts: Iterable[Account]) -> Iterator[Explanation]:
        for only, scopes in parts.items():
            able = [a for a in accounts if not a.refuted & scopes]
            yield from self._greedy(able, only, scopes)

    def _of_pairs(self, parts: Parts, accounts: Sequence[Account]) -> Iterator[Explanation]:
        for only, scopes in parts.items():
            if not any(self._scope[case] in scopes for case, _ in self.left):
                continue
            sampled = {cell for cell in self.left if cell[0] in self._sampled}
            found = list(pairs(self._hearing, accounts, sampled, scopes, frozenset(self._known)))
            yield from self._greedy(found, only, scopes)

    def _of_three(self, pair: Account, scopes: set[Scope]) -> Iterator[Explanation]:
        """What a pair that is there explains with one more, of outputs that are left."""
        missing: dict[str, set[Cell]] = defaultdict(set)
        for cell in self.left - pair.agreed:
            missing[cell[1]].add(cell)
        found = []
        for third in self._faults:
            faults = (*pair.faults, third)
            names = [n for n in missing if self._is_third(faults, missing[n])]
            if names and third not in pair.faults:
                wrong = {n: {c for c in self._cells[n] if c[0] in self._sampled} for n in names}
                least = {name: spare(faults, cells) for name, cells in wrong.items()}
                sample = self._hearing.sample
                heard = self._hearing.hear(faults, sample, whole=True, outputs=names, spare=least)
                found += [heard] if heard.agreed else []
        yield from self._greedy(found, (), scopes)

    def _is_third(self, faults: tuple[Fault, ...], missing: set[Cell]) -> bool:
        """Whether the last of three changes what the others do not give, and they come near."""
        hearing, third = self._hearing, faults[-1:]
        changed = {c for c in missing if hearing.predict(third, hearing.by_id[c[0]]).moves(c[1])}
        return changed == missing and at_a_glance(hearing, faults, [missing])

    def _greedy(
        self, accounts: Iterable[Account], only: tuple[str, ...], scopes: set[Scope]
    ) -> Iterator[Explanation]:
        """Of hypotheses, those that explain outputs whole, the one that explains most first."""
        able = list(accounts)
        while able:
            sizes = [(a, len(self._explained(a, scopes))) for a in able]
            most = max(size for _, size in sizes)
            if not most:
                return
            best = [a for a, size in sizes if size == most]
            able = [a for a, size in sizes if 0 < size < most]
            found = [whole for a in best if (whole := self._on_all(a, scopes))]
            if only:  # of a part there is less to tell a fault by
                found = [whole for whole in found if not self._is_belied(whole, scopes)]
            if not found:
                continue
            explanation = self._chosen(found, only, scopes)
            if explanation is not None:
                # What two leave is rounding alone, and no clue to a third.
                is_pair = len(explanation.account.faults) > 1
                self.left -= explanation.of if is_pair else explanation.agreed
                yield explanation

    def _chosen(
        self, found: list[Account], only: tuple[str, ...], scopes: set[Scope]
    ) -> Explanation | None:
        cells = [self._explained(a, scopes) for a in found]
        most = max(map(len, cells))
        first = next(c for c in cells if len(c) == most)
        same = [a for a, c in zip(found, cells, strict=True) if c == first]
        same.sort(key=lambda a: len(self._elsewhere(a, scopes)))
        fewest = len(self._elsewhere(same[0], scopes))
        same = [a for a in same if len(self._elsewhere(a, scopes)) == fewest]
        if len(same) > 1 and len(same[0].faults) > 1:
            return None
        of = self._wrong(scopes, {name for _, name in first})
        return Explanation(
            account=same[0],
            outputs=frozenset(name for _, name in first),
            agreed=frozenset(first),
            of=frozenset(of),
            only=only,
            also=tuple(same[1:]),
        )

    def _elsewhere(self, account: Account, scopes: set[Scope]) -> set[Cell]:
        """Wrong cells that a hypothesis says are wrong in another way."""
        inside = {cell for cell in account.shows if self._scope[cell[0]] in scopes}
        return inside & set(self._hearing.failing) - account.agreed

    def _is_belied(self, account: Account, scopes: set[Scope]) -> bool:
        """Whether more is wrong in another way than it says than as it says."""
        return len(self._elsewhere(account, scopes)) > len(self._explained(account, scopes))

    def _on_all(self, account: Account, scopes: set[Scope]) -> Account | None:
        """The hypothesis on all evidence, if it still explains something there."""
        whole = self._hearing_of(account)
        holds = not whole.refuted & scopes and self._explained(whole, scopes)
        return whole if holds else None

    def _explained(self, account: Account, scopes: set[Scope]) -> set[Cell]:
        """Cells of the outputs that a hypothesis explains whole, enough of them telling."""
        found: set[Cell] = set()
        is_whole = self._whole.get(account.ids) is account
        for name in {name for _, name in account.agreed}:
            cells = {c for c in self._wrong(scopes, {name}) if c in self.left}
            if not is_whole:
                cells = {c for c in cells if c[0] in self._sampled}
            missing = [cell for cell in cells if not account.allows(cell)]
            if cells and len(missing) <= spare(account.faults, cells):
                found |= cells & account.agreed
        return found if self._is_enough(account, found) else set()

    def _is_enough(self, account: Account, cells: set[Cell]) -> bool:
        told = {case for case, name in cells & account.told}
        agreed = {case for case, _ in cells}
        shown = {case for case, _ in account.shows}
        if len(told) >= _LEAST or len(agreed - told) >= _MUTE:
            return True
        alone = shown == told == {case for case, _ in self._hearing.failing}
        return len(told) == 1 and len(self._seen) > _OTHERS and alone

    def _wrong(self, scopes: set[Scope], names: set[str]) -> set[Cell]:
        """Wrong cells of some outputs in some scopes that were looked at."""
        cells = (cell for name in names for cell in self._cells[name])
        return {cell for cell in cells if self._scope[cell[0]] in scopes}

    def _for_the_most(self, singles: Iterable[Account]) -> Iterator[Explanation]:
        """Faults that are refuted nowhere and explain at least half of an output's wrong cells."""
        scopes = set(self._scope.values())
        singles = list(singles)
        for sure in (a for a in singles if self._known.issuperset(a.ids)):
            self.left -= self._hearing_of(sure).agreed  # that it is there is said already
        able = [a for a in singles if not a.refuted and self._is_most(a)]
        while found := [e for a in able if (e := self._most(a, scopes)) is not None]:
            best = max(found, key=lambda e: len(e.agreed))
            rivals = [e for e in found if e is not best and e.agreed & best.agreed]
            able = [a for a in able if a.ids != best.account.ids]
            if any(len(e.agreed) == len(best.agreed) for e in rivals):
                continue
            self.left -= best.agreed
            yield best

    def _is_most(self, account: Account) -> bool:
        """Whether it explains at least half of the wrong cells of some output in the sample."""
        wrong = [cell for cell in self.left if cell[0] in self._sampled]
        return any(
            2 * len({c for c in account.agreed if c[1] == name} & self.left)
            >= sum(cell[1] == name for cell in wrong)
            for name in {name for _, name in account.agreed & self.left}
        )

    def _most(self, account: Account, scopes: set[Scope]) -> Explanation | None:
        whole = self._hearing_of(account)
        if whole.refuted:
            return None
        names: set[str] = set()
        for name in {name for _, name in whole.agreed}:
            cells = {c for c in self._wrong(scopes, {name}) if c in self.left}
            mine = cells & whole.agreed
            if 2 * len(mine) >= len(cells) and len(mine & whole.told) >= _MUTE:
                names.add(name)
        of = self._wrong(scopes, names)
        if not names:
            return None
        return Explanation(
            account=whole,
            outputs=frozenset(names),
            agreed=frozenset(of & whole.agreed),
            of=frozenset(of),
        )

    def _hearing_of(self, account: Account) -> Account:
        if account.ids not in self._whole:
            self._whole[account.ids] = self._hearing.hear(account.faults, self._hearing.everything)
        return self._whole[account.ids]
