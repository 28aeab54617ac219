"""The folders of ONNX backend tests, as ONNX's own loader, checker and reference take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.cases.exported.content import Exported
from conformance.cases.exported.formats import named
from conformance.cases.exported.onnx_tests.expressing import FIELDS, express, opsets, refuses
from conformance.cases.exported.onnx_tests.tolerance import tolerance
from conformance.errors import ExportError
from conformance.oracle.stated import LOSS, UNIT
from conformance.tests.cases.exported.samples import grouped, put, said, stored

onnx = pytest.importorskip("onnx")
CASES = [each for each in stored() if refuses(each.case) is None]
LISTS = ("input", "output")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Backend tests of stored cases; not to be changed."""
    return written(tmp_path_factory.mktemp("onnx"), CASES)


def written(place: Path, cases: list[Exported]) -> Path:
    """Backend tests of some cases."""
    for group in grouped(cases):
        put(place, named("onnx").files(group))
    return place


def tensors(place: Path, role: str) -> list[Any]:
    """The inputs or outputs of a test, as numpy arrays."""
    files = sorted(place.glob(f"test_data_set_0/{role}_*.pb"))
    return [onnx.numpy_helper.to_array(onnx.load_tensor(str(file))) for file in files]


def test_cases_come_back_once_for_each_opset(folder: Path) -> None:
    """Digest, bounds and edges are the same, of training and test mode, in most types."""
    assert len({each.case.inputs.types for each in CASES}) >= 7
    found = [said(each) for each in named("onnx").read(folder)]
    wanted = [said(each) for each in CASES for _ in opsets(each.case)]
    key = repr
    assert sorted(found, key=key) == sorted(wanted, key=key)
    assert len(found) > len(CASES)


def test_every_model_is_valid(folder: Path) -> None:
    """ONNX's checker and its inference of shapes and types take every model."""
    for file in folder.rglob("model.onnx"):
        model = onnx.load(str(file))
        onnx.checker.check_model(model, full_check=True)
        (opset,) = model.opset_import
        assert file.parts[-3] == f"opset{opset.version}"


def test_the_loader_finds_every_test(folder: Path) -> None:
    """The loader of ONNX's runners finds them, with the tolerances of data.json."""
    from onnx.backend.test.loader import load_model_tests  # noqa: PLC0415 - an extra

    for opset in (15, 9):
        found = load_model_tests(str(folder), f"opset{opset}")
        assert len(found) == sum(opset in opsets(each.case) for each in CASES)
        for test in found:
            told = json.loads((Path(str(test.model_dir)) / "data.json").read_text(encoding="utf-8"))
            assert (test.rtol, test.atol) == (told["rtol"], told["atol"])


def test_the_reference_passes_in_float32_and_float64(folder: Path) -> None:
    """ONNX's own evaluator gives outputs that its runner takes, where nothing is an edge."""
    from onnx.backend.test.runner import Runner  # noqa: PLC0415 - an extra
    from onnx.reference import ReferenceEvaluator  # noqa: PLC0415 - the same

    count = 0
    for each in CASES:
        if each.case.inputs.types not in ("float32", "float64") or each.edges:
            continue
        place = folder / "opset15" / f"test_{each.case.id.replace('/', '--')}"
        names = express(each.case).inputs
        model = ReferenceEvaluator(str(place / "model.onnx"))
        got: Any = model.run(None, dict(zip(names, tensors(place, "input"), strict=True)))
        told = json.loads((place / "data.json").read_text(encoding="utf-8"))
        Runner.assert_similar_outputs(tensors(place, "output"), got, told["rtol"], told["atol"])
        got[0] = got[0] * 1.01 + 0.01
        with pytest.raises(AssertionError):
            Runner.assert_similar_outputs(tensors(place, "output"), got, told["rtol"], told["atol"])
        count += 1
    assert count >= 10


def test_the_tolerances_take_every_good_answer() -> None:
    """An answer at the edge of grade B in every element is taken, and little beyond it."""
    for each in CASES:
        limit = each.case.problem.limit
        outputs = express(each.case).outputs
        told = tolerance(each, outputs)
        room = 0.0
        for name, output in outputs.items():
            exact = getattr(each.case.expected, FIELDS[name])
            unit = each.bounds[UNIT + FIELDS[name]].astype(np.float64)
            loss = each.bounds.get(LOSS + FIELDS[name], np.zeros(()))
            with np.errstate(all="ignore"):
                wide = output.astype(np.float64)
                off = (limit + loss) * unit + np.abs(wide - exact)
                known = np.isfinite(off) & np.isfinite(wide)
                assert (off <= told["atol"] + told["rtol"] * np.abs(wide))[known].all()
                rest = off - told["rtol"] / 1.02 * np.abs(wide)
            room = max(room, float(np.max(rest, initial=0.0, where=known)))
        assert told["atol"] <= 1.02 * room


def test_the_bytes_are_always_the_same(folder: Path, tmp_path: Path) -> None:
    """Written twice, every file has the same bytes."""
    again = written(tmp_path, CASES)
    names = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    assert [(again / name).read_bytes() for name in names] == [
        (folder / name).read_bytes() for name in names
    ]


@pytest.mark.parametrize(
    "name",
    [
        "model.onnx",
        *(f"test_data_set_0/input_{n}.pb" for n in range(5)),
        "test_data_set_0/output_0.pb",
    ],
)
def test_messages_of_another_case_are_refused(name: str, tmp_path: Path) -> None:
    """A message that is absent, broken, or that of another case, is refused by name."""
    cases = {each.case.inputs.x.shape: each for each in CASES if each.case.inputs.training}
    place = written(tmp_path, [*cases.values()][:2]) / "opset15"
    mine, others = (file / name for file in sorted(place.iterdir()))
    data = mine.read_bytes()
    for wrong in (others.read_bytes(), data[:-1], b"\xff" * 9):
        mine.write_bytes(wrong)
        with pytest.raises(ExportError, match=name):
            list(named("onnx").read(tmp_path))
    mine.unlink()
    with pytest.raises(ExportError, match="Write it again with: conformance export"):
        list(named("onnx").read(tmp_path))
