r"""The formulas of the pages, as MathML that browsers show without a library.

They are those of Ioffe and Szegedy (2015), with the backward pass solved for dx; the error units
are those of `conformance.oracle.bounds`.
"""

from __future__ import annotations

from functools import cache

from latex2mathml.converter import convert
from markupsafe import Markup

_MEANS = r"\frac{\mathrm{d}\beta + \hat{x}_i \mathrm{d}\gamma}{M}"

TRAIN: tuple[tuple[str, str], ...] = (
    ("mean", r"\mu = \frac{1}{M} \sum_i x_i"),
    ("var", r"\sigma^2 = \frac{1}{M} \sum_i (x_i - \mu)^2"),
    ("inv_std", r"r = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}"),
    ("y", r"y_i = \gamma \hat{x}_i + \beta, \quad \hat{x}_i = (x_i - \mu) r"),
    ("dbeta", r"\mathrm{d}\beta = \sum_i \mathrm{d}y_i"),
    ("dgamma", r"\mathrm{d}\gamma = \sum_i \mathrm{d}y_i \hat{x}_i"),
    ("dx", rf"\mathrm{{d}}x_i = \gamma r (\mathrm{{d}}y_i - {_MEANS})"),
    ("running_mean", r"\bar{\mu}' = (1 - m) \bar{\mu} + m \mu"),
    (
        "running_var",
        r"\bar{\sigma}'^2 = (1 - m) \bar{\sigma}^2 + m \frac{M}{M - 1} \sigma^2",
    ),
)
"""What each output is in training mode, by its name, in LaTeX."""

TEST: tuple[tuple[str, str], ...] = (
    ("inv_std", r"r = \frac{1}{\sqrt{\bar{\sigma}^2 + \varepsilon}}"),
    ("y", r"y_i = \gamma \hat{x}_i + \beta, \quad \hat{x}_i = (x_i - \bar{\mu}) r"),
    ("dbeta", r"\mathrm{d}\beta = \sum_i \mathrm{d}y_i"),
    ("dgamma", r"\mathrm{d}\gamma = \sum_i \mathrm{d}y_i \hat{x}_i"),
    ("dx", r"\mathrm{d}x_i = \gamma r \, \mathrm{d}y_i"),
    ("running_mean", r"\bar{\mu}' = \bar{\mu}"),
    ("running_var", r"\bar{\sigma}'^2 = \bar{\sigma}^2"),
)
"""The same in test mode, where the running statistics are given and stay."""

UNIT = (
    r"E = \max_i \frac{|\mathrm{actual}_i - \mathrm{exact}_i|}"
    r"{u_{\mathrm{out}} |\mathrm{exact}_i| + u S_i + \eta}"
)
"""What an error of E units is; u_out counts only where the output's type is coarser."""


def formulas(mode: str) -> list[tuple[str, Markup]]:
    """Each output of a mode with its formula."""
    return [(name, mathml(text)) for name, text in (TRAIN if mode == "train" else TEST)]


@cache
def mathml(latex: str) -> Markup:
    """A formula as MathML, with its LaTeX as what a reader of the source finds."""
    return Markup(convert(latex, display="block"))  # noqa: S704 - made of the constants above
