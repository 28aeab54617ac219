"""Tests of the HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from conformance.report.folds import path_folds
from conformance.report.join import join
from conformance.report.legend import SIGNS
from conformance.report.page import LISTED, as_page
from conformance.tests.report.records import (
    NASTY,
    case,
    every_status,
    failed,
    many,
    passed,
    record,
    silent,
)
from conformance.verdict.record import Status

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """A page as a reader's browser sees it: elements that close, with attributes and text."""

    def __init__(self, html: str) -> None:
        """Read `html`; an element that is not closed is an error."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.blocks: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and that it is open."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Every end has its start."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text; script and style are no text of the page."""
        if self._open and self._open[-1] in ("script", "style"):
            self.blocks[self._open[-1]] = data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All text, with single spaces."""
        return " ".join("".join(self.words).split())

    def having(self, name: str) -> list[dict[str, str]]:
        """The attributes of elements that have the attribute `name`."""
        return [attributes for _, attributes in self.tags if name in attributes]


@pytest.fixture(scope="module")
def big() -> str:
    """A page of thirty paths, 400 cases and nine outputs."""
    return as_page(join(many(), ["paddle", "torch"]))


def test_the_page_is_whole_and_small(big: str) -> None:
    """Elements nest, and thirty paths take less than 3 MB."""
    page = Page(big)
    assert len(big.encode()) < 3_000_000
    assert len([1 for tag, _ in page.tags if tag == "td"]) > 30 * 30


def test_the_page_stays_small_when_everything_fails() -> None:
    """More findings than fit are counted; red ones are kept before others."""
    long = "a reason that goes on and on, " * 40
    wrong = {name: failed(reason=f"{name}: {long}") for name in ("y", "dx", "dgamma", "dbeta")}
    soft = {name: failed(status=Status.DEGRADED, reason=long) for name in ("mean", "var")}
    cases = [case({**soft, **wrong}, f"offset/{index}") for index in range(400)]
    matrix = join([record(cases, f"torch/path{index}") for index in range(30)])
    html = as_page(matrix)
    assert len(html.encode()) < 6_000_000
    folds = path_folds(matrix, LISTED)
    assert sum(sum(fold.counts.values()) - fold.left for fold in folds.values()) <= LISTED
    assert f"and {folds[0].left} more of this path: see matrix.json" in html
    lines = [line for kind in folds[0].kinds for one in kind.incidents for line in one.lines]
    assert {line.status for line in lines} == {Status.FAIL}


def test_nothing_comes_from_elsewhere(big: str) -> None:
    """No address outside the page occurs, and the policy of the page forbids any."""
    page = Page(big)
    assert not re.search(
        r"(?:https?:)?//[a-z]", re.sub(r"<script>.*</script>", "", big, flags=re.DOTALL)
    )
    for name in ("src", "srcset", "data", "action", "poster"):
        assert page.having(name) == []
    for attributes in page.having("href"):
        assert attributes["href"].startswith(("#", "data:,"))
    assert "url(" not in page.blocks["style"]
    assert "@import" not in page.blocks["style"]


def test_only_the_script_of_the_page_may_run(big: str) -> None:
    """The policy names the digest of the one script."""
    page = Page(big)
    digest = hashlib.sha256(page.blocks["script"].encode()).digest()
    (policy,) = (a["content"] for a in page.having("http-equiv"))
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert len([1 for tag, _ in page.tags if tag == "script"]) == 1
    assert not any(name.startswith("on") for _, a in page.tags for name in a)


def test_text_from_frameworks_is_text() -> None:
    """Markup in a name, a reason, a repro or the output of a process is shown, not obeyed."""
    nasty = f'{NASTY}"><img src=x onerror=alert(1)>'
    cases = [case({"y": silent(Status.CRASH, nasty)}, f"offset/{nasty}", stderr=nasty)]
    html = as_page(join([record(cases, f"torch/{nasty.replace('/', '')}", device=nasty)], [nasty]))
    page = Page(html)
    assert len([1 for tag, _ in page.tags if tag == "script"]) == 1
    assert not [1 for tag, _ in page.tags if tag == "img"]
    assert '<script>alert("1")</script>' in page.text
    assert "\x00" not in html
    assert "\u202e" not in html


def test_a_failing_output_is_listed_with_its_repro() -> None:
    """Case, output, worst element, reason and the line that repeats it are in the fold."""
    page = Page(as_page(join([record([case({"dx": failed(reason="wrong sum"), "y": passed()})])])))
    said = "✗ fail dx, grade F, 812 units: dx[0, 3] is 0.5, expected 0.25, bound 1.2e-7; wrong sum"
    assert said in page.text
    assert "conformance run torch/functional --case offset/1e4" in page.text
    assert "y, grade" not in page.text


@pytest.mark.parametrize("status", [Status.DEGRADED, Status.EXPECTED_FAIL, Status.UNEXPECTED_PASS])
def test_what_is_worth_a_look_is_listed(status: Status) -> None:
    """Degraded, expected-fail and unexpected-pass outputs are in the folds too."""
    page = Page(as_page(join([record([case({"dx": failed(status=status, reason="because")})])])))
    assert f"{SIGNS[status].symbol} {status} dx" in page.text
    assert "because" in page.text


def test_every_status_has_its_sign_and_its_meaning() -> None:
    """The legend shows all eleven with sign and word, and the classes of the cells differ."""
    page = Page(as_page(join([every_status()])))
    for status in Status:
        assert f"{SIGNS[status].symbol} {status}{SIGNS[status].meaning}" in page.text


def test_no_cell_is_empty(big: str) -> None:
    """Every cell has a sign as text and says in words what it holds."""
    cells = re.findall(r"<td class=\"[\w-]+\" data-column.*?</td>", big, flags=re.DOTALL)
    assert len(cells) > 1000
    for cell in cells:
        page = Page(cell)
        assert page.text
        assert page.having("title")[0]["title"]


def test_what_was_not_compared_does_not_look_like_a_pass() -> None:
    """An unsupported, a not-run and a missing cell have their own class and word, no tick."""
    cases = [
        case({"y": silent(Status.UNSUPPORTED, "no half")}),
        case({"y": silent(Status.NOT_RUN, "sampled")}, "tiny/1", dtype="float64"),
    ]
    html = as_page(join([record(cases)], ["jax"]))
    cells = re.findall(r"<td class=\"([\w-]+)\" data-column.*?>(.*?)</td>", html, flags=re.DOTALL)
    assert {kind for kind, _ in cells} == {"unsupported", "not-run"}
    assert not any("✓" in content for _, content in cells)
    assert all("unsupported" in c or "not-run" in c for _, c in cells)
    text = Page(html).text
    assert "no half" in text
    assert "sampled" in text
    assert "jax was required and did not report" in text


def test_every_link_has_its_target(big: str) -> None:
    """A cell leads to a fold that is there, and no two elements share a name."""
    page = Page(big)
    names = [attributes["id"] for attributes in page.having("id")]
    assert len(names) == len(set(names))
    links = {a["href"][1:] for a in page.having("href") if a["href"].startswith("#")}
    assert len(links) > 100
    assert links <= set(names)


def test_a_failing_cell_leads_to_its_own_findings() -> None:
    """The link of a cell names path and row."""
    cases = [case({"y": passed()}), case({"y": failed()}, "tiny/1", dtype="float64")]
    html = as_page(join([record(cases)]))
    (cell,) = re.findall(r"<td class=\"fail\" data-column=\"0\"><a href=\"#(p0-\d)\"", html)
    assert Page(html).having("id").count({"class": "kind", "id": cell}) == 1


def test_a_good_matrix_says_that_nothing_fails() -> None:
    """An empty list of findings is said to be empty."""
    page = Page(as_page(join([record([case({"y": passed()})])])))
    assert "Nothing: no compared output is red" in page.text
    assert "Nothing: every due output of every path was compared." in page.text


def test_the_page_works_without_script(big: str) -> None:
    """Only the filter, which needs the script, is hidden; findings are in folds that open."""
    page = Page(big)
    assert [a["id"] for a in page.having("hidden")] == ["filter"]
    assert len([1 for tag, _ in page.tags if tag == "summary"]) > 30
