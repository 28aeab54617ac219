"""Tests of the verdict on an empty batch."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Dialect
from conformance.cases import golden
from conformance.harness.answer import Answer, Reply
from conformance.harness.judging import judged


@pytest.mark.filterwarnings("error")
def test_a_wrong_sum_over_no_values_is_a_failure_and_no_warning() -> None:
    """A gradient of an empty batch that is not zero fails, also where warnings are errors."""
    case = next(golden.load(["empty/train-nchw"]))
    wrong = Answer(status=Reply.OK, outputs={"dbeta": np.array([0.0, 1e9, 2.0], np.float32)})
    assert judged(case, Dialect(), wrong)["dbeta"].grade == "F"
