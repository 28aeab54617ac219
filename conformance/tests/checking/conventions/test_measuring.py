"""Tests of measuring conventions: real workers, whose paths differ in what they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from conformance.checking.conventions import measure
from conformance.harness import run as runner
from conformance.harness.column import Column
from conformance.harness.session import Session
from conformance.tests import data
from conformance.verdict.conventions import TITLES, Convention, differences

FILE = Path(data.__path__[0]) / "customs" / "adapter.py"


@pytest.fixture(scope="module")
def columns() -> Mapping[str, Column]:
    """The paths of the adapter."""
    return {column.path: column for column in runner.columns(str(FILE))}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Its worker."""
    with Session(str(FILE)) as worker:
        yield worker


@pytest.fixture(scope="module")
def measured(
    session: Session, columns: Mapping[str, Column]
) -> Mapping[str, Mapping[str, Convention]]:
    """What each path does."""
    return {name: measure(session, column, seconds=60) for name, column in columns.items()}


def _found(measured: Mapping[str, Convention]) -> dict[str, str | None]:
    return {name: each.found for name, each in measured.items()}


def test_a_path_of_the_usual_conventions(
    measured: Mapping[str, Mapping[str, Convention]],
) -> None:
    """Every convention is found, in the order in which it is told."""
    assert _found(measured["usual"]) == {
        "default_eps": "1e-05",
        "momentum": "new",
        "default_momentum": "0.1",
        "running_var": "unbiased",
        "eps": "inside",
        "saved": "mean, var",
        "half": "float16: y/running_mean/mean float16, squares kept; "
        "float16+float32: y float16, running_mean/mean float32, squares kept",
        "one_value": "y: beta; running_mean: moved to the batch's; running_var: NaN",
        "nan": "y, running_mean, running_var: NaN in its channel alone",
        "empty": "y: empty; running_mean, running_var: NaN",
        "mask": "takes none",
    }
    assert list(measured["usual"]) == list(TITLES)


def test_a_path_of_other_conventions(measured: Mapping[str, Mapping[str, Convention]]) -> None:
    """Momentum on the old value, the biased variance, eps outside, float16 arithmetic, a mask."""
    found = _found(measured["other"])
    assert (found["momentum"], found["default_momentum"]) == ("old", "0.99")
    assert (found["running_var"], found["eps"], found["mask"]) == ("biased", "outside", "takes one")
    assert (found["half"] or "").startswith("float16: y/running_mean/mean float16, squares lost")
    assert (found["one_value"] or "").endswith("running_mean, running_var: moved to the batch's")


def test_what_is_declared_otherwise_is_told(
    measured: Mapping[str, Mapping[str, Convention]], columns: Mapping[str, Column]
) -> None:
    """Each declaration that the measurement contradicts is a sentence, and nothing else is one."""
    told = {
        name: [d.partition(":")[0] for d in differences(asdict(columns[name].dialect), found)]
        for name, found in measured.items()
    }
    assert {name: said for name, said in told.items() if said} == {
        "untrue": [
            "running_var is declared 'unbiased' and measured 'biased'",
            "eps is declared 'inside' and measured 'outside'",
            "momentum is declared 'new' and measured 'old'",
        ],
        "swapped": ["momentum is declared 'new' and measured 'old'"],
        "misnaming": ["statistics come under other names than their own"],
    }


def test_what_is_refused_is_a_convention(
    measured: Mapping[str, Mapping[str, Convention]],
) -> None:
    """A refusal is told in the framework's words, and what keeps nothing is told so."""
    found = _found(measured["refusing"])
    assert found["one_value"] == found["empty"] == "refused: too little to normalize"
    assert found["momentum"] == found["running_var"] == "none"
    assert found["default_momentum"] == "keeps none"
    assert found["nan"] == "y: NaN in other channels too"


def test_a_crash_costs_its_convention_alone(
    measured: Mapping[str, Mapping[str, Convention]],
) -> None:
    """A call that ends the worker, and a hook that raises, cost what they would have shown."""
    found = measured["fragile"]
    assert found["empty"].found == "crash"
    assert "killed by SIGKILL" in found["empty"].seen
    assert {name for name, each in found.items() if each.found is None} == {
        "default_eps",
        "default_momentum",
        "mask",
    }
    assert found["mask"].seen == "error: LookupError: no such signature"
    assert found["nan"].found == "y, running_mean, running_var: NaN in its channel alone"


def test_a_path_without_training_shows_its_eps(
    measured: Mapping[str, Mapping[str, Convention]],
) -> None:
    """The place of eps shows in test mode; what only training shows is unknown for that reason."""
    found = measured["inference"]
    assert found["eps"].found == "inside"
    assert found["nan"].found == ("y: NaN in its place alone; running_mean, running_var: no NaN")
    for name in ("momentum", "running_var", "saved", "one_value"):
        assert found[name] == Convention(found=None, seen="no training call is answered")


def test_a_path_that_answers_nothing(measured: Mapping[str, Mapping[str, Convention]]) -> None:
    """Nothing is known of it but what its adapter tells, and why is told."""
    found = measured["deaf"]
    assert found["eps"].found is None
    assert found["eps"].seen == "no ordinary call is answered: error"
    assert found["mask"].found == "takes none"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("chatty", "tell 'epsilon', one of eps, momentum, new_weight, takes_mask was wanted"),
        ("vague", "tell eps = 'small', a finite number, or None where a call must say it was"),
    ],
)
def test_a_hook_that_tells_something_else(
    measured: Mapping[str, Mapping[str, Convention]], path: str, said: str
) -> None:
    """Defaults that are none are refused with what was found, what was wanted and what to do."""
    assert measured[path]["default_eps"].found is None
    assert said in measured[path]["default_eps"].seen


def test_a_weight_that_no_direction_explains(
    measured: Mapping[str, Mapping[str, Convention]],
) -> None:
    """A default call that moves by neither momentum nor 1 minus it leaves the direction unknown."""
    assert measured["wild"]["momentum"].found is None
    assert measured["wild"]["momentum"].seen.endswith("which is neither that nor 1 minus that")


def test_time_is_bounded(session: Session, columns: Mapping[str, Column]) -> None:
    """Once the time is over nothing more is asked, and what was not says why."""
    found = measure(session, columns["usual"], seconds=-1)
    asked = {"default_eps", "momentum", "default_momentum", "running_var", "eps", "saved", "mask"}
    assert {name for name, each in found.items() if each.found is not None} == asked
    assert found["empty"].seen.startswith("not asked: the calls before took 0.0 s, of at most -1 s")


def test_what_does_not_load_any_more_is_told(tmp_path: Path) -> None:
    """An adapter that is gone costs all conventions, each with the reason, and raises nothing."""
    file = tmp_path / "customs" / "adapter.py"
    file.parent.mkdir()
    file.write_text(FILE.read_text())
    (column,) = runner.columns(f"{file}:usual")
    file.unlink()
    with Session(str(file)) as gone:
        found = measure(gone, column)
    assert {each.found for each in found.values()} == {None}
    assert "there is no file" in found["mask"].seen
    assert found["eps"].seen == "no ordinary call is answered: error"
