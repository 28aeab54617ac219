"""Known bugs that no input of one call on one processor can show, and why."""

from __future__ import annotations

from conformance.faults.fault import Unseen

UNSEEN = (
    Unseen(
        id="int32-index-overflow",
        title="a flat index wraps at 2^31",
        why="needs 2^31 elements, 8 GB in float32, on the device",
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
        why="needs an option of the layer: here momentum is a number",
    ),
    Unseen(
        id="grad-req-add-ignored",
        title="gradients that should be added to are overwritten",
        why="needs the framework's gradient buffers: here a call returns its gradients",
    ),
)
