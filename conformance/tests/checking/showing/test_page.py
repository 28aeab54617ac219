"""The page of cases: whole, from nowhere else, and with nothing of a golden file as markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from conformance.checking.showing import drawing
from conformance.checking.showing.drawing import Line
from conformance.checking.showing.look import look
from conformance.checking.showing.page import page
from conformance.tests.checking.showing.cases import FAR, HALF, hostile, solved, stored

VOID = {"meta", "br", "rect", "path"}


class Read(HTMLParser):
    """The tags, attributes and texts of a page; every tag that is opened must be closed."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one that is closed at once."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It closes what was opened last."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.texts.append(data)


@pytest.fixture(scope="module")
def drawn() -> str:
    """The page of two cases."""
    return page([look(stored(FAR)), look(stored(HALF))], "golden files of here")


def test_nothing_comes_from_elsewhere_and_nothing_runs(drawn: str) -> None:
    """No script, link, image, frame or address is in it, and its policy allows none."""
    read = Read(drawn)
    assert {tag for tag, _ in read.tags} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p", "section",
        "div", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "rect",
        "path", "text", "span", "br",
    }  # fmt: skip
    names = {name for _, attributes in read.tags for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "href")}
    (style,) = re.findall(r"<style>.*</style>", drawn, re.DOTALL)
    assert not re.search(r"@import|url\(|//", style)
    (policy,) = (
        a["content"] for _, a in read.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_light_and_dark_are_both_there(drawn: str) -> None:
    """Every colour of the style has a value for dark, and both schemes are declared."""
    light, dark = re.findall(r":root\{(.*?)\}", drawn, re.DOTALL)
    assert "color-scheme:light dark" in light
    names = [set(re.findall(r"--\w+(?=:)", each)) for each in (light, dark)]
    assert names[0] == names[1]
    assert set(re.findall(r"var\((--\w+)\)", drawn)) == names[0]


def test_every_channel_output_and_way_is_drawn(drawn: str) -> None:
    """A histogram for each channel; units and errors of y and dx, with every way in the legend."""
    read = Read(drawn)
    said = [a["aria-label"] or "" for tag, a in read.tags if tag == "svg"]
    assert sum(each.startswith("distribution of x in channel") for each in said) == 8 + 2
    for field in ("y", "dx"):
        assert sum(each.startswith(f"One error unit of every element of {field}") for each in said)
        assert sum(each.startswith(f"Errors of {field} in units") for each in said) == 2
    assert any(each.startswith(f"dx by half sums of {HALF}: 8192 of 8192") for each in said)
    for title in ("two-pass", "plain loop", "single pass", "bfloat16 stats", "half sums"):
        assert f" {title}" in read.texts


def test_text_of_a_golden_file_is_text() -> None:
    """What would be a script is shown as it is, with control characters spelled out."""
    text = page([look(hostile())], "<b>here</b>")
    read = Read(text)
    assert not {"script", "b"} & {tag for tag, _ in read.tags}
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert sum('<script src="https://evil.example/a.js">' in each for each in read.texts) == 3


def test_edges_are_drawn() -> None:
    """An empty batch and a batch with NaN and infinity give a page without NaN in its drawings."""
    x = np.array([[np.nan, np.inf, 1], [2, 3, 1], [4, 5, 1]], np.float32)
    text = page([look(stored("empty/train-float32")), look(solved(x=x))], "here")
    assert "An empty batch" in "".join(Read(text).texts)
    for shape in re.findall(r' (?:d|x|y|width|height)="([^"]*)"', text):
        assert "nan" not in shape
        assert "inf" not in shape


def test_a_histogram_counts_every_finite_value() -> None:
    """Bars are as tall as parts of the range are full, whatever the range is."""
    largest = np.finfo(np.float64).max
    for values in ([-largest, largest, largest], [0.0, 5e-324, 5e-324], [1.0, 2.0, 2.0]):
        drawn = drawing.histogram(np.array([*values, np.nan]), "said")
        bars = re.findall(r'<rect x="(\d+)" y="[\d.]+" width="3" height="([\d.]+)"/>', drawn)
        assert bars == [("0", "14.0"), ("188", "28.0")]
    assert drawing.histogram(np.ones(5), "said").count("<rect") == 1
    assert "<rect" not in drawing.histogram(np.array([np.nan]), "said")


def test_a_line_shows_the_largest_of_each_block_on_a_logarithmic_scale() -> None:
    """One element of many thousand is seen; a power of ten is as far from the next as any."""
    values = np.ones(5000)
    values[1234] = 1e4
    drawn = drawing.plot([Line(name="one", color=0, values=values)], "said")
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)H", drawn.split('class="line')[1])]
    assert len(heights) == 580
    assert len({*heights}) == 2
    assert heights.index(min(heights)) == 1234 * 580 // 5000
    grid = [float(y) for y in re.findall(r'class="grid" d="M60 ([\d.]+)H', drawn)]
    assert np.ptp(np.diff(grid)) < 0.2
    assert grid[0] == max(heights)


def test_what_is_no_number_lies_at_the_top() -> None:
    """Infinite errors are drawn above every finite one, and zeros at the bottom."""
    drawn = drawing.plot([Line(name="one", color=0, values=np.array([0, 1e9, np.inf]))], "said")
    low, high, top = re.findall(r"[ML][\d.]+ ([\d.]+)H", drawn.split('class="line')[1])
    assert float(low) > float(high) > float(top)
