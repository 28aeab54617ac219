"""A scope cannot hide a fault: what a kernel declares decides what is asked, and how much."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import conformance
from conformance.cases.catalogue import pairs
from conformance.checking import smoke, within
from conformance.checking.named import named
from conformance.checking.report import Report
from conformance.checking.scope import Call, Scope
from conformance.cli import main
from conformance.errors import AdapterError, InputError
from conformance.harness.kernels.where import parsed
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record import RED

SIGN = RIGHT.replace("- (out[", "+ (out[")
"""A kernel whose dx has a wrong sign."""

EVERY = frozenset({"gamma", "beta", "dy", "running_mean", "running_var", "training"})


def scope(*where: str, ranks: tuple[int, ...] = (2, 3, 4, 5), order: str = "any") -> Scope:
    """A scope of float32 with predicates."""
    return Scope(
        takes=EVERY,
        fixed={},
        dtypes=frozenset({"float32"}),
        ranks=frozenset(ranks),
        per_activation=False,
        order=order,
        where=parsed(where),
    )


def test_combinations_are_no_smoke_unless_there_is_nothing_else() -> None:
    """A row of the design stands for two choices: the smoke tier of wide scopes has none."""
    ids = list(smoke.calls())
    assert not any(map(pairs.is_one, smoke.select(ids, scope())))
    alone = [name for name in ids if pairs.is_one(name)]
    assert smoke.select(alone, scope())


def checked(folder: Path, text: str, *, tier: str = "smoke", **declare: object) -> Report:
    """The report on a kernel with declarations from outside."""
    (folder / "k.py").write_text(text)
    return conformance.check(str(folder / "k.py"), tier=tier, declare=declare)


def test_the_wrong_sign_that_hid_is_wrong() -> None:
    """The kernel of these tests differs from the right one in dx alone."""
    assert SIGN != RIGHT


@pytest.mark.parametrize(("rank", "dtype"), [(4, "float32"), (3, "float64")])
def test_a_narrow_scope_hides_no_wrong_sign(tmp_path: Path, rank: int, dtype: str) -> None:
    """In the smoke tier of any rank and type a wrong dx is found, and a right one is compared."""
    wrong = checked(tmp_path, SIGN, ranks=[rank], dtypes=[dtype])
    assert not wrong.conforms
    assert wrong.grade == "F"
    assert "fresh case" not in str(wrong).partition("fresh cases:")[0]
    right = checked(tmp_path, RIGHT, ranks=[rank], dtypes=[dtype])
    assert right.conforms
    found = right.scope
    assert (found["ranks"], found["dtypes"]) == ([rank], [dtype])
    assert found["cases"]["compared"] + right.fresh.compared >= within.ENOUGH
    assert f"compared in {rank} axes, {dtype}" in right.verdict


def test_a_scope_that_no_stored_case_meets_is_drawn(tmp_path: Path) -> None:
    """Predicates of sizes that no case has: drawn cases are in it, and tell right from wrong."""
    where = ["C == 37", "M % 2 == 1", "3 <= M <= 99", "contiguous"]
    for text, conforms in ((RIGHT, True), (SIGN, False)):
        report = checked(tmp_path, text, where=where)
        assert report.conforms is conforms
        assert not any(case.status in RED for case in report.cases)
        assert report.scope["cases"]["compared"] == len(report.drawn) == within.ENOUGH
        assert "where C == 37 and M % 2 == 1 and 3 <= M <= 99 and contiguous" in report.verdict


def test_a_scope_that_no_call_meets_is_no_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing compared never conforms, has exit status 1, and a statement that says so."""
    (tmp_path / "k.py").write_text(RIGHT)
    said = tmp_path / "s.json"
    words = ["check", str(tmp_path / "k.py"), "--where", "C < 3 and C > 3", "--tier", "smoke"]
    assert main([*words, "--statement", str(said)]) == 1
    assert capsys.readouterr().out.startswith("NOTHING COMPARED")
    assert json.loads(said.read_text())["conforms"] is False


def test_a_statement_of_a_scope_is_verified(tmp_path: Path) -> None:
    """It holds with the kernel; with a wider scope, or with another count, it does not."""
    (tmp_path / "k.py").write_text(RIGHT)
    kernel, said = str(tmp_path / "k.py"), tmp_path / "s.json"
    where = ["--where", "C % 2 == 0", "--declare", "ranks=4", "--tier", "smoke"]
    assert main(["check", kernel, *where, "--statement", str(said)]) == 0
    assert main(["verify", str(said), kernel]) == 0


def test_what_a_kernel_refuses_is_asked_otherwise(tmp_path: Path) -> None:
    """A kernel that refuses smoke cases by itself is asked others that reject as much."""
    head, _, body = RIGHT.partition("\n    rest")
    refuses = f"{head}\n    if x.shape[-1] == 8:\n        raise NotImplementedError\n    rest{body}"
    assert checked(tmp_path, refuses, dtypes=["float32"]).conforms
    assert not checked(
        tmp_path, refuses.replace("- (out[", "+ (out["), dtypes=["float32"], ranks=[4]
    ).conforms


def test_drawn_cases_lie_in_their_scope() -> None:
    """Sizes, memory, mode, eps and arrays that predicates speak of are such as they want."""
    for where in (
        ["H*W == 196", "C > 128"],
        ["not contiguous", "mode == test"],
        ["eps == 1e-3", "not gamma"],
        ["layout == NHWC"],
        ["size % 3 == 1 and N == 1"],
    ):
        wanted = scope(*where)
        drawn = within.drawn(wanted, "0" * 32, dtype=None, count=6, first=0)
        assert drawn
        for problem in drawn:
            assert wanted.why_not(Call.of(problem.inputs)) is None


def test_a_kernel_without_parameters_is_asked_without_them() -> None:
    """Calls of every rank are drawn for a kernel that takes neither gamma nor beta, or one."""
    for taken in (frozenset[str](), frozenset({"gamma"}), frozenset({"beta"})):
        wanted = replace(scope("C == 37"), takes=(EVERY - {"gamma", "beta"}) | taken)
        drawn = within.drawn(wanted, "0" * 32, dtype=None, count=12, first=0)
        assert {problem.inputs.x.ndim for problem in drawn} == {2, 3, 4, 5}
        for problem in drawn:
            given = {n for n in ("gamma", "beta") if getattr(problem.inputs, n) is not None}
            assert given <= taken


def test_contiguous_is_what_the_kernel_sees() -> None:
    """A kernel that is given channels last sees x of NCHW transposed."""
    calls = smoke.calls()
    first, last = calls["spatial/train-nchw-float32"], calls["spatial/train-nhwc-float32"]
    for order, inside, outside in (
        ("channels_first", first, last),
        ("channels_last", last, first),
    ):
        wanted = scope("contiguous", order=order)
        assert wanted.why_not(inside) is None
        assert wanted.why_not(outside) == "outside of the declared scope: contiguous"


def test_what_is_set_at_run_time_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A declaration that is set on the object after its module was made reaches the worker."""
    (tmp_path / "late_kernel.py").write_text(RIGHT)
    monkeypatch.syspath_prepend(str(tmp_path))
    import late_kernel  # type: ignore[import-not-found]  # noqa: PLC0415 - made a moment ago

    late_kernel.batch_norm.conformance = {
        "layout": "channels_last",
        "dtypes": {"float64"},
        "where": "C == 8",
    }
    report = conformance.check(late_kernel.batch_norm, case="dense/train-*", fresh=False)
    assert report.declared["dtypes"] == ["float64"]
    assert report.declared["where"] == ["C == 8"]
    late_kernel.batch_norm.conformance = {"dtypes": [object()]}
    with pytest.raises(AdapterError, match="more than texts"), named(late_kernel.batch_norm):
        pass


def test_a_program_declares_what_a_function_can(tmp_path: Path) -> None:
    """Types, ranks, built-in numbers and predicates of a program are said on the command line."""
    program = tmp_path / "p.py"
    program.write_text("import sys\nprint('nothing today', file=sys.stderr)\nsys.exit(77)\n")
    report = conformance.check(
        f"exec:python3 {program}",
        case="spatial/*",
        declare={"dtypes": ["float32"], "ranks": [4], "fixed_eps": 1e-5},
        where="C >= 3",
        fresh=False,
    )
    assert report.declared["fixed"] == {"eps": 1e-5}
    assert (report.declared["dtypes"], report.declared["ranks"]) == (["float32"], [4])
    assert report.declared["where"] == ["C >= 3"]
    assert not report.conforms


@pytest.mark.parametrize(
    ("declare", "where", "said"),
    [
        ({"rank": 4}, (), "Its keys may be"),
        ({"ranks": [6]}, (), "one of 2, 3, 4, 5"),
        ({"dtypes": "float8"}, (), "a list of some of float64, float32"),
        ({"fixed_eps": 1e300}, (), "understood are fixed_eps from 0 to 1"),
        ({"where": {"C": 4}}, (), "a list of predicates"),
        ({}, ("C is even",), "Understood are numbers N, C"),
    ],
)
def test_what_is_not_understood_is_refused(
    declare: dict[str, object], where: tuple[str, ...], said: str
) -> None:
    """Before anything is started, with the list of what is understood."""
    with pytest.raises((AdapterError, InputError), match=said):
        conformance.check("no_such.py", declare=declare, where=where)
