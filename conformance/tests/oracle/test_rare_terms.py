"""Terms of the scales that few calls have: half types stored between batches, underflow."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.tests.oracle.equal_channels import O32, channels, column, given


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        # running mean 8, then 6: lost 6 * 2^-11 + 2^-25, of which 3/4 is left; 16 u = 2^-20.
        # And the blend: scale 0.75 * 8 + 0.25 (8 + 1) = 8.25, size 6 + 0.25 = 6.25, and then
        # 0.75 * 8.25 + 0.25 (6.25 + 1) = 8.
        ("running_mean", 0.75 * (3072 + 2.0**-5) + 8),
        # running variance 2 and 2 again, with var 1 and M / (M - 1) = 2; S_var = 1 + 2 + 2^-20.
        # The blend: 0.75 * 2 + 0.25 (2 + 6) = 3.5, size 2, and then 0.75 * 3.5 + 0.25 (2 + 6).
        ("running_var", 0.75 * (1024 + 2.0**-5) + 4.625),
    ],
)
def test_what_storing_loses_is_added_to_the_blend(name: str, wanted: float) -> None:
    """Float16 running statistics over two batches [-1, 1] have the blend's scale and storage's."""
    inputs = given(
        [-1, 1], np.float16, momentum=0.25, running_mean=8.0, running_var=2.0,
        earlier=(channels([-1, 1], np.float16),),
    )  # fmt: skip
    assert column(inputs, name) == pytest.approx([wanted], rel=1e-8)


def test_what_underflowed_is_multiplied_by_x_where_r_is_small() -> None:
    """R = max(1, r) is 1 where r is 1/2: l = o (1 + (3 + 3 + 3)), and M R l = 20 o.

    Before it stands r (sum o |x| + M o) = (6 o + 2 o) / 2, dy, d and dgamma being 0.
    """
    inputs = given([3, 3], np.float32, eps=4.0, dy=[0, 0])
    assert column(inputs, "dgamma") == [24 * O32]
