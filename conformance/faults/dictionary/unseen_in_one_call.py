"""Known bugs that no stored case shows, and why.

Most need more than one call on one processor; some need inputs that no stored case has, or are
smaller than what rounding may cost.
"""

from __future__ import annotations

from conformance.faults.fault import Unseen

UNSEEN = (
    Unseen(
        id="int32-index-overflow",
        title="a flat index wraps at 2^31",
        why="needs 2^31 elements: `--tier large` asks them where there is memory",
    ),
    Unseen(
        id="persistent-mode-overflow",
        title="cuDNN's persistent spatial mode overflows in its integer reduction",
        why="needs cuDNN in that mode on a GPU",
    ),
    Unseen(
        id="sync-param-grad-double-reduce",
        title="dgamma and dbeta are reduced twice over the processes",
        why="needs two processes that share a batch",
    ),
    Unseen(
        id="third-order-derivative",
        title="saved statistics count as constants beyond the second derivative",
        why="needs derivatives of dx, which are no output of this suite",
    ),
    Unseen(
        id="compiled-eval-folding",
        title="a compiler folds batch normalization of test mode wrongly",
        why="needs the compiler: the path torch/compile runs test mode through it",
    ),
    Unseen(
        id="momentum-none-cma",
        title="momentum = None does not give the cumulative average",
        why="needs an option of the layer: sequences on one PyTorch module ask it",
    ),
    Unseen(
        id="grad-req-add-ignored",
        title="gradients that should be added to are overwritten",
        why="needs the framework's gradient buffers: here a call returns its gradients",
    ),
    Unseen(
        id="transposed-convolution-folded",
        title="folding into a transposed convolution scales the wrong axis",
        why="needs the weights of a convolution, which are no input of this suite",
    ),
    Unseen(
        id="gamma-of-four-axes",
        title="a gamma of shape (C, 1, 1, 1) changes the shape of y",
        why="needs a gamma of more axes than channels have: here it has theirs",
    ),
    Unseen(
        id="statistics-of-first-step",
        title="the backward pass reads what the first step of that shape saved",
        why="needs a second batch of a shape: a check notes it as state",
    ),
    Unseen(
        id="eps-kept-by-shape",
        title="the eps of the first call of a shape is used in all later ones",
        why="needs two values of eps for a shape: a check notes it as state",
    ),
    Unseen(
        id="wrong-after-many-calls",
        title="an answer is wrong once so many calls were made, or in one call alone",
        why="needs a count of calls: a check notes it as state where it makes as many",
    ),
    Unseen(
        id="half-sums-when-large",
        title="partial sums are kept in half precision for large N*H*W alone",
        why="needs half precision with millions of values per channel",
    ),
    Unseen(
        id="bfloat16-truncated",
        title="results are truncated to bfloat16 instead of rounded",
        why="off by one unit in the last place, which the bounds leave to rounding",
    ),
    Unseen(
        id="mantissa-shortened",
        title="x, y or every intermediate is rounded a few bits short",
        why="off by a few units of roundoff, which the bounds leave to rounding",
    ),
)
