"""Tests of `harness.judging`: from an answer to a verdict."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from conformance.case import Dialect
from conformance.cases import golden
from conformance.harness.answer import Answer, Reply
from conformance.harness.judging import judged
from conformance.verdict.record import Status


def test_a_number_from_an_empty_batch_is_judged_without_a_warning() -> None:
    """Running statistics that moved are the edge that they are, and nobody is warned of a mean."""
    (case,) = golden.load(["empty/train-float32"])
    outputs = {
        name: value.astype(case.inputs.dtype_of(name))
        for name, value in case.expected.items().items()
        if name in ("running_mean", "running_var")
    }
    outputs["running_var"] = outputs["running_var"] / 2
    answer = Answer(status=Reply.OK, outputs=outputs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = judged(case, Dialect(), answer)
    assert results["running_mean"].status is Status.PASS
    assert (results["running_var"].status, results["running_var"].edges) == (
        Status.FAIL,
        ("empty-batch",),
    )


@pytest.mark.filterwarnings("error")
def test_a_wrong_sum_over_no_values_is_a_failure_and_no_warning() -> None:
    """A gradient of an empty batch that is not zero fails, also where warnings are errors."""
    (case,) = golden.load(["empty/train-nchw"])
    wrong = Answer(status=Reply.OK, outputs={"dbeta": np.array([0.0, 1e9, 2.0], np.float32)})
    assert judged(case, Dialect(), wrong)["dbeta"].grade == "F"
