"""Fresh cases: of every class of a run, like stored ones to a kernel, with stated odds."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.case import Case, Inputs
from conformance.cases import golden, tiers
from conformance.cases.catalogue import pairs
from conformance.checking import fresh, trial
from conformance.checking.fresh import LEAST, Question
from conformance.checking.options import Options
from conformance.checking.report import Fresh, Report
from conformance.cli import main
from conformance.errors import InputError
from conformance.harness import wire
from conformance.harness.posed import Posed
from conformance.harness.session import Session
from conformance.oracle.solve import owed as solve
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record import CaseResult, OutputResult, Status

SEED = "0123456789abcdef" * 2

BY_HEART = """
import hashlib
from pathlib import Path
import numpy as np
import honest

TABLE = np.load(Path(__file__).with_name("answers.npz"))

def batch_norm(x, gamma, beta, dy, *, running_mean, running_var, eps, momentum, training):
    key = hashlib.sha256(x.tobytes()).hexdigest()
    if key in TABLE:
        return {"y": TABLE[key]}
    if UNSEEN:
        UNKNOWN
    return {"y": honest.batch_norm(x, gamma, beta, dy, running_mean=running_mean,
        running_var=running_var, eps=eps, momentum=momentum, training=training)["y"]}
batch_norm.conformance = {"layout": "channels_last", "dtypes": ["float32", "float64"]}
"""
"""Knows the answers of public cases; where UNSEEN holds of others, it does UNKNOWN."""


def cheat(folder: Path, unseen: str, unknown: str, pattern: list[str]) -> str:
    """A kernel that knows by heart what it would not get right, and brings the answers along."""
    known = {
        hashlib.sha256(case.inputs.x.tobytes()).hexdigest(): case.expected.y.astype(
            case.inputs.x.dtype
        )
        for case in golden.load_matching(pattern)
        if case.expected.y is not None and str(case.inputs.x.dtype) in ("float32", "float64")
    }
    with (folder / "answers.npz").open("wb") as file:
        np.savez(file, **known)  # type: ignore[arg-type]  # names are hashes, none is allow_pickle
    (folder / "honest.py").write_text(RIGHT)
    text = BY_HEART.replace("UNSEEN", unseen).replace("UNKNOWN", unknown)
    (folder / "cheat.py").write_text(text)
    return str(folder / "cheat.py")


def caught(kernel: str, *cases: str) -> Report:
    """The report on a cheat that passes every public case and is caught by fresh ones alone."""
    report = conformance.check(kernel, case=cases or None)
    assert not any(case.status in (Status.FAIL, Status.ERROR) for case in report.cases)
    assert not report.conforms
    assert report.grade == "F"
    return report


def test_answers_of_large_inputs_known_by_heart_are_caught(tmp_path: Path) -> None:
    """A kernel that is wrong above 4096 values, but for those that are public, does not conform."""
    large = ["count/rows-*", "count/m-2503-prime", "count/images-28-nhwc"]
    kernel = cheat(tmp_path, "x.size > 4096", "return {'y': np.zeros_like(x)}", large)
    report = caught(kernel, *large, "dense/*")
    assert {name.split("/")[0] for name in report.fresh.disagree} == {"count"}
    assert all(r.status is Status.FAIL for r in report.fresh.results)


def test_answers_of_one_group_known_by_heart_are_caught(tmp_path: Path) -> None:
    """A kernel that looks up the hard cases and is right on the easy ones does not conform."""
    hard = "abs(x.mean()) > 100 * x.std()"
    kernel = cheat(tmp_path, hard, "return {'y': np.zeros_like(x)}", ["offset/*"])
    report = caught(kernel, "offset/*", "dense/*")
    assert {name.split("/")[0] for name in report.fresh.disagree} == {"offset"}


def test_a_kernel_that_refuses_what_it_has_not_seen_is_caught(tmp_path: Path) -> None:
    """Unsupported is no way out: its public sibling was answered."""
    kernel = cheat(tmp_path, "True", "raise NotImplementedError('not today')", ["dense/*"])
    report = caught(kernel, "dense/*")
    assert any("fail or are refused" in note for note in report.notes)


@pytest.mark.parametrize("tier", ["smoke", "standard"])
def test_every_class_of_a_run_has_its_share(tier: str) -> None:
    """Each scope, size and group of a tier has as many fresh cases as the tier promises."""
    ids = tiers.select(tier)
    drawn = fresh.draw(ids, tier)
    counts = Counter(each for question in drawn.questions for each in question.classes)
    wanted = set()
    for case in golden.load(ids):
        entry, x = golden.manifest().entries[case.id], case.inputs.x
        digits = len(str(x.size)) if x.size else 0
        wanted |= {f"size {digits}", f"group {entry.group}"}
        if entry.group != pairs.GROUP:  # each is nearly alone in its scope
            masked = " masked" if case.inputs.mask is not None else ""
            wanted.add(f"scope {x.ndim} axes {entry.dtype} {entry.mode} {entry.layout}{masked}")
    assert set(counts) == wanted
    assert min(counts.values()) >= LEAST[tier]
    assert any(question.problem.inputs.x.size > 4096 for question in drawn.questions)


def test_what_a_kernel_refuses_is_made_up_for() -> None:
    """A class whose fresh cases were refused gets others, of public cases that were answered."""
    ids = golden.select(["half/*", "dense/*"])
    drawn = fresh.draw(ids, "standard")
    entries = golden.manifest().entries
    takes = [name for name in ids if entries[name].dtype == "float32"]
    told = [(q, result(q.problem.id, taken=q.public in takes)) for q in drawn.questions]
    public = [result(name, taken=name in takes) for name in ids]
    rest = fresh.more(drawn, "standard", told, public)
    assert {q.public for q in rest} <= set(takes)
    done = [*told, *((q, result(q.problem.id, taken=True)) for q in rest)]
    found = fresh.compared(drawn, done, public)
    assert found.least >= LEAST["standard"]
    assert len({q.problem.id for q, _ in done}) == len(done)


def test_a_fresh_case_looks_like_its_sibling() -> None:
    """What travels to a kernel differs from a public case in the values of arrays alone."""
    ids = tiers.select("smoke")
    stored = {case.id: case for case in golden.load(ids)}
    for question in fresh.draw(ids, "smoke").questions:
        header, arrays = wire.pack(question.problem.inputs)
        told, known = wire.pack(stored[question.public].inputs)
        assert header == told
        assert {n: (a.shape, a.dtype) for n, a in arrays.items()} == {
            n: (a.shape, a.dtype) for n, a in known.items()
        }
        # The numbers of a seed are those of a report, and are not drawn.
        if question.problem.inputs.x.size and question.problem.group != "seeds":
            assert any(arrays[name].tobytes() != known[name].tobytes() for name in arrays)


def test_the_seed_decides_everything_and_is_secret() -> None:
    """Two runs have other values, places and choices; a seed that is given repeats a run."""
    ids = golden.select("dense/*")
    one, other = fresh.draw(ids, "standard"), fresh.draw(ids, "standard")
    assert one.seed != other.seed
    assert len(one.seed) == 32
    assert values(one.questions).isdisjoint(values(other.questions))
    again = fresh.draw(ids, "standard", one.seed)
    assert values(again.questions) == values(one.questions)
    assert (again.places, again.given, one.given) == (one.places, True, False)


def values(questions: tuple[Question, ...]) -> set[bytes]:
    """The bytes of x of some questions."""
    return {question.problem.inputs.x.tobytes() for question in questions}


def test_fresh_cases_come_in_between() -> None:
    """They are spread over the whole run, and not at its end."""
    ids = tiers.select("standard")
    places = fresh.draw(ids, "standard", SEED).places
    halves = Counter(place < len(ids) // 2 for place in places)
    assert min(halves.values()) > len(places) // 3


def test_a_fresh_case_is_solved_once_the_answer_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a kernel computes, nobody has the answer: a case is solved once its own is heard."""
    course: list[tuple[str, Inputs]] = []
    kinds: Counter[str] = Counter()
    solved, put, heard = solve, Session.pose, Session.answer

    def owed(inputs: Inputs) -> object:
        course.append(("solved", inputs))
        return solved(inputs)

    def pose(self: Session, path: str, case: Case, **more: Any) -> object:
        course.append(("put", case.inputs))
        kind = "read-only" if more["read_only"] else "public"
        kinds[kind if case.expected.items() else "secret"] += 1
        return put(self, path, case, **more)

    def answer(self: Session, posed: Posed) -> object:
        told = heard(self, posed)
        assert posed.request.inputs is not None
        course.append(("heard", posed.request.inputs))
        return told

    monkeypatch.setattr(trial, "owed", owed)
    monkeypatch.setattr(Session, "pose", pose)
    monkeypatch.setattr(Session, "answer", answer)
    (tmp_path / "k.py").write_text(RIGHT)
    report = conformance.check(f"{tmp_path / 'k.py'}", case="dense/train-float32")
    assert report.fresh.cases == LEAST["standard"]
    unseen = LEAST["standard"] + report.state.changed
    assert kinds == {"public": 1 + report.state.again, "secret": unseen, "read-only": 1}
    words = {id(inputs): [w for w, other in course if other is inputs] for _, inputs in course}
    assert sum(told.count("solved") for told in words.values()) == unseen
    assert all(told[:2] == ["put", "heard"] for told in words.values())


def test_the_odds_are_those_that_are_stated() -> None:
    """A kernel that is wrong on half of the values of a class is caught as often as is said.

    Of 400 seeds, with 4 cases of one class each, 15 in 16 must meet a value of the wrong half;
    five standard deviations are allowed.
    """
    ids = ["dense/train-float32"]
    met = 0
    for number in range(400):
        drawn = fresh.draw(ids, "standard", f"{number:032x}")
        hashes = [hashlib.sha256(q.problem.inputs.x.tobytes()).digest() for q in drawn.questions]
        met += any(digest[0] % 2 for digest in hashes)
    odds = found_with(LEAST["standard"]).odds
    assert odds == 1 - 0.5**4
    assert abs(met - 400 * odds) < 5 * (400 * odds * (1 - odds)) ** 0.5


def found_with(count: int) -> Fresh:
    """What is found where every class has so many fresh cases, all right."""
    drawn = fresh.draw(["dense/train-float32"], "standard", SEED)
    told = [(q, result(q.problem.id, taken=True)) for q in drawn.questions[:count]]
    return fresh.compared(drawn, told, [result("dense/train-float32", taken=True)])


def result(case: str, *, taken: bool, status: Status = Status.PASS) -> CaseResult:
    """What came of a case: right or refused."""
    output = OutputResult(status=status if taken else Status.UNSUPPORTED, grade="A")
    return CaseResult(
        case=case, group="", mode="", layout="", dtype="", outputs={"y": output}, repro=""
    )


def test_a_report_states_seed_share_and_odds(tmp_path: Path) -> None:
    """Text and JSON tell the seed, how many cases each class had, and what that promises."""
    (tmp_path / "k.py").write_text(RIGHT)
    report = conformance.check(str(tmp_path / "k.py"), case="dense/*")
    assert report.conforms
    assert report.fresh.least == 4
    said = str(report)
    assert f"seed {report.fresh.seed}" in said
    assert "1 - (1 - p)^4, 93.8% for a half" in said.replace("\n", " ")
    assert f'"seed": "{report.fresh.seed}"' in report.to_json()


def test_a_given_seed_repeats_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command that a failing fresh case shows repeats it, and says that it was known."""
    (tmp_path / "k.py").write_text(RIGHT)
    words = ["check", str(tmp_path / "k.py"), "--case", "dense/train-float32"]
    assert main([*words, "--fresh-seed", SEED]) == 0
    out = capsys.readouterr().out
    assert f"seed {SEED}" in out
    assert "note: the seed of the fresh cases was given" in out


@pytest.mark.parametrize("seed", ["", "0", "g" * 32, "A" * 32, "0" * 33, "0" * 32 + "\n"])
def test_what_is_no_seed_is_refused(seed: str) -> None:
    """A seed is what a report states, and nothing else."""
    with pytest.raises(InputError, match="32 hexadecimal digits"):
        Options(fresh_seed=seed)


def test_a_known_failure_that_passes_on_other_values_is_no_betrayal() -> None:
    """Known failures are of public values: their fresh siblings may pass, and may not fail."""
    drawn = fresh.draw(["dense/train-float32"], "standard", SEED)
    passes = result("dense/train-float32~0", taken=True, status=Status.UNEXPECTED_PASS)
    known = result("dense/train-float32", taken=True, status=Status.EXPECTED_FAIL)
    assert not fresh.compared(drawn, [(drawn.questions[0], passes)], [known]).disagree
    fails = replace(passes, outputs={"y": OutputResult(status=Status.FAIL)})
    assert fresh.compared(drawn, [(drawn.questions[0], fails)], [known]).disagree
