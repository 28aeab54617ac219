"""Recipes: which cases they mean, what these are called, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance import oracle
from conformance.arrays import INPUT_NAMES
from conformance.cases.catalogue.recipe import Recipe
from conformance.cases.golden import content, listing
from conformance.cases.own import recipes
from conformance.cases.own.draft import Draft
from conformance.cases.own.recipes import drafts, read
from conformance.cases.own.telling import EXAMPLE, told
from conformance.errors import RecipeError


def one(**said: Any) -> Draft:
    """The only case of a problem."""
    (draft,) = drafts({"problem": [{"shape": [4, 3], **said}]})
    return draft


def names(**said: Any) -> list[str]:
    """The names of the cases of a problem, without their group."""
    return [draft.id.split("/")[1] for draft in drafts({"problem": [said]})]


def test_a_shape_alone_is_a_problem() -> None:
    """What a recipe does not say is as the catalogue's recipes have it."""
    draft = one()
    inputs, usual = draft.make().inputs, Recipe()
    assert draft.id == "own/4x3-float32-train"
    assert (inputs.x.shape, inputs.types, inputs.mode) == ((4, 3), "float32", "train")
    assert (inputs.eps, inputs.momentum, inputs.axis) == (usual.eps, usual.momentum, 1)
    assert inputs.given().keys() == set(INPUT_NAMES)


def test_everything_that_is_said_arrives() -> None:
    """Each key of a problem is found in the call that is made."""
    draft = one(
        id="n", shape=[4, 5, 3], axis=-1, types="float16+float32", mode="test", eps=0.25,
        momentum=-0.5, x="constant:2", dy="constant:3", gamma="constant:4", beta="constant:5",
        running_mean="constant:6", running_var="constant:7", memory="strided", catches="It.",
    )  # fmt: skip
    problem = draft.make()
    inputs = problem.inputs
    found = {name: set(np.unique(a).tolist()) for name, a in inputs.given().items()}
    names = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
    assert found == {name: {float(n)} for n, name in enumerate(names, start=2)}
    assert (inputs.eps, inputs.momentum, inputs.training, inputs.axis) == (0.25, -0.5, False, -1)
    assert (inputs.types, inputs.memory) == ("float16+float32", "strided")
    assert (problem.id, problem.group, problem.catches) == ("own/n", "own", "It.")


def test_earlier_batches_and_absent_arrays() -> None:
    """Earlier batches are drawn as x is, and what is none is not given."""
    inputs = one(earlier=2).make().inputs
    assert [batch.shape for batch in inputs.earlier] == [(4, 3)] * 2
    absent = dict.fromkeys(("dy", "gamma", "beta", "running_mean", "running_var"), "none")
    assert one(**absent).make().inputs.given().keys() == {"x"}


def test_choices_meet_and_are_told_in_the_name() -> None:
    """Every list is a choice, each meets all others, and a name tells those that there are."""
    found = names(
        id="a", shape=[[4, 3], [2, 3]], types=["float32", "bfloat16+float32"], mode="both",
        x=["varied", "normal:-1:2"], eps=[1e-5, 0.0], momentum=[0.1], seed=[7, -8],
    )  # fmt: skip
    assert len(found) == len({*found}) == 64
    assert "a-2x3-bfloat16-float32-test-eps-0.0-normal-m1-2-seed-m8" in found
    assert "a-4x3-float32-train-eps-1e-05-varied-seed-7" in found


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"shape": [4, 3]}, ["4x3-float32-train"]),
        ({"shape": [4, 3], "id": "a"}, ["a"]),
        ({"shape": [4, 3], "id": "a", "x": ["varied"]}, ["a"]),
        ({"shape": [4, 3], "id": "a", "mode": "both"}, ["a-test", "a-train"]),
        ({"shape": [4, 3], "id": "a", "count": 2, "seed": 5}, ["a-seed-5", "a-seed-6"]),
        ({"shape": [4, 3], "id": "a", "dy": ["usual", "none"]}, ["a-dy-none", "a-dy-usual"]),
        (
            {"shape": [4, 3, 2], "id": "a", "axis": ["NCL", "NLC", "per-activation"]},
            ["a-axis-per-activation", "a-ncl", "a-nlc"],
        ),
        ({"shape": [4, 3, 2], "id": "a", "axis": [[1], [1, 2]]}, ["a-axis-1", "a-axis-1-2"]),
        (
            {"shape": [4, 3], "id": "a", "memory": ["strided", "x=reversed dy=strided"]},
            ["a-memory-strided", "a-memory-x-reversed-dy-strided"],
        ),
    ],
)
def test_names(said: dict[str, Any], wanted: list[str]) -> None:
    """What an id says of a case: without an id of its own always shape, types and mode."""
    assert names(**said) == wanted


@pytest.mark.parametrize(
    ("axis", "shape", "wanted"),
    [
        (1, [4, 3], 1),
        (-2, [4, 3], -2),
        ("NHWC", [2, 2, 2, 3], 3),
        ("CN", [3, 4], 0),
        ("NCDHW", [2, 3, 2, 2, 2], 1),
        ("per-activation", [4, 3, 2], (1, 2)),
        ([1, -1], [4, 3, 2], (1, -1)),
        ([1], [4, 3], (1,)),
    ],
)
def test_an_axis_is_a_number_a_layout_or_several(
    axis: Any, shape: list[int], wanted: int | tuple[int, ...]
) -> None:
    """Numbers from either end, layouts by the place of C, and several numbers for that mode."""
    assert one(axis=axis, shape=shape).make().inputs.axis == wanted


def test_one_seed_has_the_same_numbers() -> None:
    """Cases that differ in types or mode have the same x, rounded; another seed has others."""
    made = {
        draft.id.split("/")[1]: draft.make().inputs
        for draft in drafts(
            {"problem": [{
                "shape": [4, 3], "id": "a", "types": ["float64", "float32"], "mode": "both",
                "count": 2,
            }]}
        )
    }  # fmt: skip
    wide, narrow = made["a-float64-train-seed-0"].x, made["a-float32-test-seed-0"].x
    np.testing.assert_array_equal(wide.astype(np.float32), narrow)
    assert not np.array_equal(wide, made["a-float64-train-seed-1"].x)


def test_the_words_say_how_to_draw_it_again() -> None:
    """The sentence of a case names the stream that its numbers are from."""
    assert "from the stream seed-7/name of each." in one(seed=7).make().made


def test_usual_holds_where_a_problem_says_nothing() -> None:
    """The table [usual] is behind every problem, and one that says otherwise is before it."""
    found = drafts(
        {
            "name": "mine",
            "usual": {"mode": "test", "eps": 0.5},
            "problem": [{"id": "a", "shape": [4, 3]}, {"id": "b", "shape": [4, 3], "eps": 2.0}],
        }
    )
    assert [draft.id for draft in found] == ["mine/a", "mine/b"]
    assert [draft.make().inputs.eps for draft in found] == [0.5, 2.0]
    assert {draft.make().inputs.mode for draft in found} == {"test"}


@pytest.mark.parametrize(
    "said",
    [
        {"types": "float16+float32", "earlier": 1},
        {"shape": [2, 3, 4, 5], "axis": "per-activation", "gamma": "none"},
        {"dy": "none", "running_mean": "none", "running_var": "none", "types": "bfloat16"},
    ],
)
def test_sizes_are_those_of_what_is_made(said: dict[str, Any]) -> None:
    """What is counted before a number is drawn is what a golden file will hold at most."""
    draft = one(**said)
    case = oracle.solve(draft.make())
    stored = sum(array.nbytes for array in content.arrays(case).values())
    undue = 8 * 8 * case.expected.items()["inv_std"].size  # is counted as if it were due
    assert stored <= draft.sizes.stored <= stored + undue
    assert draft.sizes.values == case.inputs.x.size


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"shape": [4]}, "shape \\[4\\] was found, 2 to 5 sizes"),
        ({"shape": [4, 0]}, "1 or more were wanted"),
        ({"shape": [[4, 3], 5]}, "shape 5 was found"),
        ({"shape": [1] * 6}, "2 to 5 sizes"),
        ({"shape": [10**30, 2]}, "not more than 1,099,511,627,776 values"),
        ({"shape": [1 << 33, 1 << 33]}, "not more than 1,099,511,627,776 values"),
        ({"momentum": 10**400}, "momentum = 1000"),
        ({"catches": " "}, "catches is ' ' and must match"),
        ({"catches": "a\n"}, "no usable recipe"),
        ({"catches": "\x1b[31m"}, "no usable recipe"),
        ({"types": "float8"}, "types 'float8' was found, one of float64"),
        ({"mode": "eval"}, "mode 'eval' was found, train, test or both"),
        ({"eps": -1.0}, "eps = -1.0 was found, a finite number of 0 or more"),
        ({"eps": float("nan")}, "eps = nan was found"),
        ({"momentum": float("inf")}, "momentum = inf was found"),
        ({"x": "none"}, "no batch normalization without it"),
        ({"x": "offset"}, "problem 1: 'offset' has 0 numbers"),
        ({"id": "a", "x": "offset"}, "problem 1 \\(a\\): 'offset' has"),
        ({"running_mean": "none"}, "running_mean alone is 'none'"),
        (
            {"running_mean": "none", "running_var": "none", "mode": "test"},
            "no running statistics, by which test mode",
        ),
        (
            {"running_mean": "none", "running_var": "none", "earlier": 1},
            "earlier batches update",
        ),
        ({"memory": "striped"}, "memory is 'striped', expected one of contiguous"),
        ({"axis": 2}, "axis 2 was found for x of 2 axes"),
        ({"axis": -3}, "axis -3 was found"),
        ({"axis": "NHWC"}, "axis 'NHWC' was found for x of 2 axes"),
        ({"axis": "NL"}, "axis 'NL' was found"),
        ({"axis": "NHCW", "shape": [2, 2, 2, 3]}, "axis 'NHCW' was found"),
        ({"axis": "NN"}, "axis 'NN' was found"),
        ({"axis": [0, 1]}, "axis \\[0, 1\\] was found"),
        ({"axis": [1, -1]}, "axis \\[1, -1\\] was found"),
        ({"mode": ["both", "train"]}, "mode has a choice twice"),
        ({"seed": [1, 2], "count": 2}, "2 seeds and count = 2"),
        (
            {"seed": list(range(1000)), "eps": [0.1 * n for n in range(1000)]},
            "make 1,000,000 cases",
        ),
        ({"shap": [4, 3]}, "no usable recipe"),
        ({"id": "A b"}, "no usable recipe"),
        ({"id": "a\n"}, "no usable recipe"),
        ({"count": 0}, "no usable recipe"),
        ({"earlier": 17}, "no usable recipe"),
        ({"eps": "small"}, "no usable recipe"),
        ({"seed": True}, "no usable recipe"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(said: dict[str, Any], message: str) -> None:
    """A problem that cannot be is told with what was found and what was wanted."""
    with pytest.raises(RecipeError, match=message):
        drafts({"problem": [{"shape": [4, 3], **said}]})


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"problem": [{}]}, "problem 1: there is no shape"),
        ({"problem": []}, "no usable recipe"),
        ({}, "no usable recipe"),
        ({"problem": [{"shape": [4, 3]}, {"shape": [4, 3]}]}, "problem 2 makes the case 'own/4x3"),
        (
            {"problem": [{"id": f"p{n}", "shape": [2, 2], "count": 1000} for n in range(11)]},
            "problem 11 makes more than 10,000 cases",
        ),
        ({"name": "a/b", "problem": [{"shape": [4, 3]}]}, "no usable recipe"),
        ({"name": "..", "problem": [{"shape": [4, 3]}]}, "no usable recipe"),
    ],
)
def test_a_recipe_that_means_nothing_is_refused(recipe: Mapping[str, Any], message: str) -> None:
    """A whole recipe that cannot be is told with the problem that is at fault."""
    with pytest.raises(RecipeError, match=message):
        drafts(recipe)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": "varied put:3:0:nan"}, "index 3 is out of bounds.*a place that x has"),
        ({"types": "float16", "x": "constant:1e5"}, "100000.0 does not fit float16"),
        ({"types": "float64", "x": "normal:0:1e308"}, "Scale the values down"),
    ],
)
def test_numbers_that_cannot_be_drawn_are_told(change: dict[str, Any], message: str) -> None:
    """What is found wrong only when numbers are drawn names the case."""
    with pytest.raises(RecipeError, match=rf"own/4x3-\S+: .*{message}"):
        one(**change).make()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"problem = [", "no usable recipe"),
        (b"\xff", "byte 0 is no UTF-8"),
        (b"#" * (2 << 20), "2,097,152 bytes, at most 1,048,576"),
        (b"a = " + b"[" * 100_000, "no usable recipe"),
        (b"problem = 1", "problem is 1 and must be array"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """What is no TOML, too large or of another schema is refused with the name of the file."""
    file = tmp_path / "my.toml"
    file.write_bytes(data)
    with pytest.raises(RecipeError, match=message) as caught:
        read(file)
    assert "my.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A missing file is told as a recipe that cannot be read."""
    with pytest.raises(RecipeError, match=r"absent\.toml is no usable recipe: No such file"):
        read(tmp_path / "absent.toml")


def test_the_example_is_a_recipe(tmp_path: Path) -> None:
    """The example that is shown makes as many cases as it says, and every key of it is told."""
    (tmp_path / "example.toml").write_text(EXAMPLE)
    recipe = read(tmp_path / "example.toml")
    assert len(drafts(recipe)) == 36
    keys = {word for line in told() for word in line.replace(",", "").split()}
    assert {*recipe, *recipe["usual"], *recipe["problem"][1]} - {"usual", "problem"} <= keys


def test_a_forgotten_eps_shows_in_test_mode() -> None:
    """Where no running variance is said, one of test mode is so small that eps = 1e-5 is seen."""
    for draft in drafts({"problem": [{"shape": [4, 3], "mode": "both"}]}):
        variances = draft.make().inputs.running_var
        assert variances is not None
        assert bool(variances.min() < 0.01) is draft.id.endswith("test")


PINNED = "32b544240a77acd48947cd93249b442fdc436705fb76a832ff2edf058c151496"
"""Digest over the inputs of some cases: the same on every machine."""


def test_a_recipe_draws_the_same_numbers_everywhere() -> None:
    """The bits of all inputs are pinned, so that no release of anything changes them unseen."""
    found = hashlib.sha256()
    recipe = {
        "problem": [
            {"id": "a", "shape": [4, 3], "types": ["float32", "bfloat16+float32"], "mode": "both"},
            {"id": "b", "shape": [2, 5, 3], "axis": -1, "x": "offset:30", "dy": "noise", "seed": 9},
        ]
    }
    for draft in drafts(recipe):
        found.update(draft.id.encode())
        for name, array in draft.make().inputs.given().items():
            found.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    assert found.hexdigest() == PINNED


def test_cases_are_bounded_by_what_a_manifest_holds() -> None:
    """The most cases of a recipe have a manifest that readers accept."""
    entry = 700  # bytes of an entry with the longest id and a sentence
    assert recipes.MOST * entry < listing._LARGEST
