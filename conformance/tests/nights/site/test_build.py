"""Tests of the site: what it says, without a browser."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.errors import HistoryError, RecordError
from conformance.nights.history import History
from conformance.nights.site import catching
from conformance.nights.site.archive import SHOWN_NIGHTS, Archive
from conformance.nights.site.build import build
from conformance.nights.site.names import case_page, path_page, slug
from conformance.nights.site.trends import of_case, of_path
from conformance.tests.nights.history.nights import add, night
from conformance.tests.nights.site.nights import NOW, history, power, site
from conformance.verdict.conventions import TITLES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of four nights."""
    return site(tmp_path_factory.mktemp("made"))


class Links(HTMLParser):
    """The addresses and ids of a page."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.ids: set[str] = set()
        self.to: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep ids, links, images, scripts and styles."""
        known = {name: value or "" for name, value in attrs}
        if "id" in known:
            assert known["id"] not in self.ids, f"id {known['id']} twice"
            self.ids.add(known["id"])
        if (to := known.get("href") or known.get("src")) and tag != "math":
            self.to.add(to)


def test_every_link_leads_somewhere(made: Path) -> None:
    """Pages, anchors, badges, scripts: all there, and nothing is fetched from elsewhere."""
    pages = {file: Links(file.read_text()) for file in made.rglob("*.html")}
    assert len(pages) > 500
    for file, page in pages.items():
        for to in page.to:
            if to.startswith(("https://", "http://")):
                continue  # a source that is cited; a reader may follow it
            if to.startswith("data:"):
                continue
            place, _, anchor = to.partition("#")
            target = (file.parent / place).resolve() if place else file
            assert target.is_file(), f"{file.name}: {to}"
            if anchor and "=" not in anchor and target in pages:
                assert anchor in pages[target].ids, f"{file.name}: {to}"
    scripts = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]*)"', _text(made))
    assert scripts == []


def _path(made: Path, column: str) -> str:
    return (made / path_page(column)).read_text()


def _text(made: Path) -> str:
    return (made / "index.html").read_text()


def test_text_of_frameworks_is_no_markup(made: Path) -> None:
    """A path or a reason with markup in it is shown as it is, on every page."""
    for file in made.rglob("*.html"):
        text = file.read_text()
        assert "<b>path</b>" not in text
        assert '<script>alert("1")' not in text


def test_what_did_not_report_is_shown_old_and_never_green(made: Path) -> None:
    """Its last results stand there with their age; it counts as missing, and its badge is grey."""
    text = _text(made)
    assert "its environment ended with 1: no such version" in text
    assert "26 hours old" in text
    assert "1 path did not report" in text
    told = json.loads((made / "badges" / "jax--jnp.json").read_text())
    assert (told["message"], told["color"]) == ("did not report", "lightgrey")
    page = (made / path_page("jax/jnp")).read_text()
    assert "Did not report in the newest run" in page
    assert "Last good 26 hours ago" in page


def test_badges_say_what_is_wrong(made: Path) -> None:
    """Red, known failures and a pass are told apart, in SVG and in JSON."""
    messages = {
        name: json.loads((made / "badges" / f"{name}.json").read_text())["message"]
        for name in ("all", "torch--functional", "tensorflow--nn---cuda")
    }
    assert messages == {
        "all": "2 of 4 paths failing",
        "torch--functional": "3 failing",
        "tensorflow--nn---cuda": "3 known failures",
    }
    drawn = ET.fromstring((made / "badges" / "all.svg").read_text())  # noqa: S314 - ours
    assert "2 of 4 paths failing" in "".join(drawn.itertext())


def test_the_feed_has_regressions_and_alarms(made: Path) -> None:
    """Nights in which something got worse, the newest first, with a link to what changed."""
    root = ET.fromstring((made / "feed.xml").read_text())  # noqa: S314 - ours
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [entry.findtext(f"{atom}title") or "" for entry in root.iter(f"{atom}entry")]
    assert titles[0] == "Alarm: missing-column"
    assert [title.split(":")[1].split(";")[0].strip() for title in titles[1:]] == [
        "1 missing-column",
        "3 new-failure",
        "3 drift",
    ]
    links = [link.get("href") for link in root.iter(f"{atom}link")]
    assert any("https://example.org/bn/changes.html#2026-05-" in (link or "") for link in links)


def test_a_case_has_its_mathematics_and_what_it_catches(made: Path) -> None:
    """Formulas as MathML, the exact values with their bounds, and faults with links both ways."""
    page = (made / case_page("offset/rows-float32-1000")).read_text()
    assert page.count("<math") == 10
    assert "values share one mean" in page
    assert "faults/eps-hardcoded.html" in page
    assert "faults/dx-divides-by-batch.html" in page
    fault = (made / "faults" / "eps-hardcoded.html").read_text()
    assert "Cases that reject it (2)" in fault
    test_mode = (made / case_page("spatial/test-nchw-float16")).read_text()
    assert test_mode.count("<math") < 10


def test_conventions_are_held_against_the_results(made: Path) -> None:
    """A convention says how many outputs that depend on it agree with it."""
    page = (made / path_page("torch/functional")).read_text()
    assert "the running variance is updated with the N-1 variance" in page
    assert "3 of 3 outputs agree" in page
    assert "declared; no output shows it" in page
    assert "none of 3 outputs that would show it came back" in _path(made, "tensorflow/nn (cuda)")


def test_trends_have_a_value_for_every_night(tmp_path: Path) -> None:
    """A path's go over all nights, with marks at new versions; a case's, where they change."""
    archive = Archive(history(tmp_path), NOW, hours=26.0)
    path = of_path(archive, "torch/functional")
    (y,) = (each["values"] for each in path["series"] if each["label"] == "y")
    assert y == [3.0, 9.0, 3.0, 3.0]
    assert [mark["label"] for mark in path["marks"]] == ["2.10.0", "2.11.0", "2.12.0", "2.13.0"]
    of = of_case(archive, "dense/train-float64")
    torch = next(each["values"] for each in of["series"] if each["label"] == "torch/functional")
    assert torch == [3.0, 9.0, 810.0, 810.0]
    jax = next(each["values"] for each in of["series"] if each["label"] == "jax/jnp")
    assert jax[-1] is None


def test_a_missing_night_between_two_runs_is_named(tmp_path: Path) -> None:
    """The list of runs says where one is missing."""
    made = history(tmp_path / "history")
    made.file(made.names()[1]).unlink()
    build(made, tmp_path / "site", NOW, hours=26.0)
    text = (tmp_path / "site" / "runs.html").read_text()
    assert "Nights without a run: 2026-05-01 to 2026-05-03" in text


def test_a_damaged_run_costs_itself_alone(tmp_path: Path) -> None:
    """The site is made of the others, and says what is damaged."""
    made = history(tmp_path / "history")
    made.file(made.names()[-1]).write_bytes(b"")
    for entry in made.entries(made.names()[1]):
        if entry.adapter == "torch":
            (made.folder / entry.results).write_bytes(b"PAR1")
    build(made, tmp_path / "site", NOW - timedelta(days=1), hours=26.0)
    text = (tmp_path / "site" / "index.html").read_text()
    assert text.count("<strong>damaged-file</strong>") == 2
    assert "torch/functional" in text


def test_the_old_site_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """A site that cannot be made leaves the old one; a made one replaces it, stale pages gone."""
    made = history(tmp_path / "history")
    out = tmp_path / "site"
    build(made, out, NOW, hours=26.0)
    (out / "stale.html").write_text("old")
    with pytest.raises(RecordError, match=r"none\.json is no usable power\.json: No such"):
        build(made, out, NOW, hours=26.0, power=tmp_path / "none.json")
    assert (out / "stale.html").exists()
    build(made, out, NOW, hours=26.0)
    assert not (out / "stale.html").exists()
    assert [f.name for f in tmp_path.iterdir() if f.name.startswith(".site")] == []


def test_a_column_that_is_long_gone_is_shown_no_more(tmp_path: Path) -> None:
    """Thirty nights after its last report a path that was removed leaves the matrix."""
    made = History(tmp_path)
    made.add(night(0, ["old/path"]))
    for number in range(1, SHOWN_NIGHTS):
        add(made, number, ["torch/functional"])
    assert set(Archive(made, NOW, hours=26.0).shown) == {"old/path", "torch/functional"}
    add(made, SHOWN_NIGHTS, ["torch/functional"])
    assert set(Archive(made, NOW, hours=26.0).shown) == {"torch/functional"}


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    """A mistyped --out does not cost a folder of work."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.tex").write_text("x")
    with pytest.raises(HistoryError, match=r"work is not empty and holds no site"):
        build(history(tmp_path / "history"), tmp_path / "work", NOW, hours=26.0)
    assert (tmp_path / "work" / "thesis.tex").exists()


def test_a_history_without_a_run_makes_no_site(tmp_path: Path) -> None:
    """An empty site would look like peace."""
    with pytest.raises(HistoryError, match="holds no run that can be read"):
        build(History(tmp_path / "none"), tmp_path / "site", NOW, hours=26.0)


def test_power_tells_which_case_rejects_which_fault(tmp_path: Path) -> None:
    """A case rejects a fault where any output is graded F."""
    found = catching.read(power(tmp_path / "power.json", ["a", "b", "c"]))
    assert found.cases_of == {"dx-divides-by-batch": ("a",), "eps-hardcoded": ("a", "b")}
    assert found.faults_of == {
        "a": ("dx-divides-by-batch", "eps-hardcoded"),
        "b": ("eps-hardcoded",),
    }


def _cells(made: Path, column: str) -> list[str]:
    """The row of a path in the table of conventions, as plain text."""
    text = (made / "conventions.html").read_text()
    (row,) = re.findall(f'<tr id="{re.escape(slug(column))}">(.*?)</tr>', text)
    return [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall("<td>(.*?)</td>", row)]


def test_conventions_stand_framework_by_framework(made: Path) -> None:
    """One row per path has what was found, or why nothing was, under the title of each."""
    head = re.findall('<th scope="col">(.*?)</th>', (made / "conventions.html").read_text())
    told = dict(zip(head, _cells(made, "torch/functional"), strict=True))
    assert told["framework"] == "torch 2.13.0"
    assert told["default eps"] == "1e-05"
    assert told["place of eps"] == "crash: <b>path</b>"
    assert told["one value per channel"] == 'refused: <script>alert("1")</script>'
    assert told["masks"] == "not measured"
    assert told["running variance"] == "keeps none"
    assert told["what is saved"] == "mean, var; declares inv_std"


def test_a_record_without_conventions_is_not_measured(made: Path) -> None:
    """A path whose record tells of none has a row, and each cell of it says so."""
    first, second, *cells = _cells(made, "jax/jnp")
    assert (first, second) == ("jax 2.13.0", "jax/jnp 26 hours old")
    assert cells == ["not measured"] * len(TITLES)


def test_what_is_declared_otherwise_stands_on_both_pages(made: Path) -> None:
    """A declaration that was found untrue is told above the table and on the page of the path."""
    said = "momentum is declared &#39;new&#39; and measured &#39;old&#39;"
    assert said in (made / "conventions.html").read_text()
    assert said in _path(made, "torch/functional")
    assert "Declared otherwise" not in _path(made, "tensorflow/nn (cuda)")
