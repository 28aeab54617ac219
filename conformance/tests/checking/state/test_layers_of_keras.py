"""Tests of sequences on one instance of a Keras layer; skipped where Keras is not there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import conformance

pytestmark = pytest.mark.skipif(find_spec("keras") is None, reason="Keras is not installed")
LAYERS = Path(__file__).with_name("layers.py")
CASES = ("spatial/train-nhwc-float32", "spatial/train-nchw-float32")


def test_a_layer_that_keeps_what_it_folded_is_found() -> None:
    """Folded weights that outlive other weights are told with the sequence that shows them."""
    kernel = f"{LAYERS}:KeepsInvStd"
    report = conformance.check(kernel, case=CASES[0], fresh=False, dialect="layout=channels_last")
    assert report.dialect["layout"] == "channels_last"
    assert not report.conforms
    wrong = [each.sentence for each in report.state.found if each.wrong]
    assert any("training and test mode in turn: wrong in step 4 of 6" in told for told in wrong)


def test_the_layer_of_keras_passes_its_sequences() -> None:
    """What Keras's own layer does is right in every sequence that there is for layers."""
    report = conformance.check("keras.layers:BatchNormalization", case=CASES, fresh=False)
    assert report.conforms
    assert not report.state.found
    assert len(report.state.sequences) == 9
