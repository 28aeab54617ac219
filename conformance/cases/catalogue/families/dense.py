"""Matrices and sequences: what fully connected layers normalize."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCL

ABOUT = "One-dimensional batch normalization of (N, C) and (N, C, L) input, every type, both modes."

ROWS = (
    CaseRow(
        "train-float64",
        "Float32 arithmetic hidden inside a float64 path, or a dmean whose terms are not summed.",
        NC.but(types="float64"),
        ("dx-dmu-unsummed",),
    ),
    CaseRow(
        "train-float32",
        "A projection term of dx that is dropped, halved or scaled wrongly; with M = 6 and dy "
        "correlated with xhat none of them is small.",
        NC,
        (
            "dx-stats-constant",
            "dx-reductions-miss-gamma",
            "dx-missing-gamma",
            "unweighted-chunk-merge",
            "rsqrt-12bit",
        ),
    ),
    CaseRow(
        "train-float16",
        "Statistics rounded to float16 before they normalize, where all arrays are float16.",
        NC.but(types="float16"),
        ("saved-stats-in-half",),
    ),
    CaseRow(
        "train-bfloat16",
        "Statistics rounded to bfloat16 before they normalize, where all arrays are bfloat16.",
        NC.but(types="bfloat16"),
        ("low-precision-atomics",),
    ),
    CaseRow(
        "train-float16-params-float32",
        "Gamma, beta or the running statistics cast to float16 because x is.",
        NC.but(types="float16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "train-bfloat16-params-float32",
        "Gamma, beta or the running statistics cast to bfloat16 because x is.",
        NC.but(types="bfloat16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "test-float64",
        "A test-mode path that folds in float32 before a float64 product, or does not divide.",
        NC.test.but(types="float64"),
        ("eval-missing-std",),
    ),
    CaseRow(
        "test-float32",
        "Test mode that does not divide by the standard deviation, or uses the batch's.",
        NC.test,
        ("eval-missing-std", "eval-uses-batch-stats"),
    ),
    CaseRow(
        "test-float16",
        "Test-mode scale gamma / sqrt(var + eps) rounded to float16 before it multiplies.",
        NC.test.but(types="float16"),
        ("saved-stats-in-half",),
    ),
    CaseRow(
        "test-float16-params-float32",
        "Running statistics cast to float16 in test mode although they are kept in float32.",
        NC.test.but(types="float16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "test-bfloat16-params-float32",
        "Running statistics cast to bfloat16 in test mode although they are kept in float32.",
        NC.test.but(types="bfloat16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "train-length-float64",
        "M counted as N instead of N*L in a float64 path of (N, C, L) input.",
        NCL.but(types="float64"),
        ("dx-divides-by-batch",),
    ),
    CaseRow(
        "train-length-float32",
        "Statistics per sample and channel (instance normalization) of (N, C, L) input.",
        NCL,
        ("per-sample-stats",),
    ),
    CaseRow(
        "train-length-float16-params-float32",
        "Sums over N and L kept in float16 when (N, C, L) input is float16.",
        NCL.but(types="float16+float32"),
        ("half-accumulation",),
    ),
    CaseRow(
        "test-length-float64",
        "A test-mode backward of (N, C, L) input that subtracts the training-mode means.",
        NCL.test.but(types="float64"),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "test-length-float32",
        "Running statistics of shape (C,) broadcast along L instead of C in (N, C, L) input.",
        NCL.test,
        ("affine-broadcast-on-last-axis",),
    ),
    CaseRow(
        "forward-only-train",
        "A forward pass without upstream gradient that skips the running statistics.",
        NC.but(dy=None),
        ("running-stats-frozen",),
    ),
    CaseRow(
        "forward-only-test",
        "Test mode without upstream gradient that still updates the running statistics.",
        NC.test.but(dy=None),
        ("running-updated-in-eval",),
    ),
)
