"""Tests of the site in a real Chromium: clicking, filtering, permalinks, keyboard, phone, dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from conformance.tests.nights.site.nights import site

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of four nights."""
    return site(tmp_path_factory.mktemp("browsed"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


class Tab:
    """A page that fails the test if it says anything to the console or asks for the network."""

    def __init__(self, browser: Browser, made: Path, **options: Any) -> None:
        """Open an empty page."""
        self.page = browser.new_page(**options)
        self.made = made
        self.said: list[str] = []
        self.page.clock.install(time="2026-05-04T05:00:00Z")
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("requestfailed", lambda request: self.said.append(request.url))

    def open(self, place: str) -> Page:
        """Go to a page of the site."""
        # From nowhere, so that a page with another anchor is loaded anew.
        self.page.goto("about:blank")
        self.page.goto(f"{self.made.as_uri()}/{place}")
        return self.page


@pytest.fixture
def tab(browser: Browser, made: Path, request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A tab; `parametrize` it indirectly with options of the browser."""
    tab = Tab(browser, made, **getattr(request, "param", {}))
    yield tab
    tab.page.close()
    assert tab.said == []


PAGES = (
    "index.html",
    "changes.html",
    "runs.html",
    "cases.html",
    "faults.html",
    "conventions.html",
    "paths/torch--functional.html",
    "paths/jax--jnp.html",
    "cases/offset--rows-float32-1000.html",
    "faults/eps-hardcoded.html",
)
LOOKS = [
    {"viewport": {"width": 1400, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
]


@pytest.mark.parametrize("tab", LOOKS, indirect=True, ids=["light", "dark", "phone"])
@pytest.mark.parametrize("place", PAGES)
def test_every_page_opens(tab: Tab, place: str) -> None:
    """No console message, no failed request; nothing but a scrolling region is wider than it."""
    page = tab.open(place)
    assert page.locator("h1").count() == 1
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{place} is {width} pixels wider than the window"


def contrast(page: Page, selector: str) -> float:
    """The contrast of text with what is behind it, as WCAG 2 defines it."""
    script = """(node) => {
        const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255;
            return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        let back = node; let seen = [0, 0, 0, 0];
        while (back && (seen[3] ?? 1) === 0) {
            seen = rgb(getComputedStyle(back).backgroundColor); back = back.parentElement; }
        const pair = [light(rgb(getComputedStyle(node).color)), light(seen)].sort((a, b) => b - a);
        return (pair[0] + 0.05) / (pair[1] + 0.05); }"""
    return float(page.locator(selector).first.evaluate(script))


@pytest.mark.parametrize("tab", LOOKS[:2], indirect=True, ids=["light", "dark"])
@pytest.mark.parametrize("selector", ["#main > p", "nav a", "#matrix .pass a", "#matrix .fail a"])
def test_text_is_readable_in_light_and_dark(tab: Tab, selector: str) -> None:
    """Text has a contrast of 4.5 to 1 with what is behind it."""
    assert contrast(tab.open("index.html"), selector) >= 4.5


def visible(page: Page, selector: str) -> int:
    """How many elements are shown."""
    return page.locator(f"{selector}:visible").count()


def test_a_filter_shows_what_was_chosen_and_stands_in_the_address(tab: Tab) -> None:
    """Framework, type, mode, rank and status each narrow the matrix; the address keeps them."""
    page = tab.open("index.html")
    rows, columns = "#matrix tbody tr", "#matrix thead th[data-column]"
    assert (visible(page, rows), visible(page, columns)) == (4, 4)
    page.select_option("[name=framework]", "torch")
    assert visible(page, columns) == 1
    page.select_option("[name=type]", "float16")
    assert visible(page, rows) == 1
    assert "framework=torch&type=float16" in page.url
    page.select_option("[name=mode]", "train")
    assert page.locator("#nothing").is_visible()
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(
        "document.querySelectorAll('#matrix tbody tr:not([hidden])').length == 4"
    )
    page.select_option("[name=status]", "fail")
    assert visible(page, columns) == 2
    assert page.locator("#shown").text_content() == "3 kinds of cases, 2 paths"
    page.select_option("[name=rank]", "4")
    assert visible(page, rows) == 1


def test_a_permalink_shows_the_same_view(tab: Tab) -> None:
    """An address with a filter in it opens filtered; nonsense in it is ignored."""
    page = tab.open("index.html#framework=torch&type=float16&status=nonsense")
    assert page.locator("[name=framework]").input_value() == "torch"
    assert page.locator("[name=status]").input_value() == ""
    assert visible(page, "#matrix tbody tr") == 1


def test_a_cell_leads_to_its_cases_and_on_to_one_of_them(tab: Tab) -> None:
    """From the matrix to the path's cases of that kind, to the case, to the fault, and back."""
    page = tab.open("index.html")
    page.locator("#matrix tr[data-type=float32] .fail a").first.click()
    page.wait_for_url("**/paths/torch--functional.html#kind=*")
    rows = page.locator("table.data tbody tr")
    assert rows.count() == 1
    rows.locator("a").first.click()
    page.wait_for_url("**/cases/*.html")
    page.get_by_role("link", name="eps-hardcoded").click()
    page.wait_for_url("**/faults/eps-hardcoded.html")
    page.get_by_role("link", name="Matrix").click()
    page.wait_for_url("**/index.html")


def test_tables_are_sorted_and_searched(tab: Tab) -> None:
    """By clicking a head and by typing: the worst first, then what was looked for."""
    page = tab.open("cases.html")
    first = page.locator("table.data tbody tr").first
    for order in ("ascending", "descending"):
        page.get_by_role("columnheader", name="faults").click()
        page.locator(f"th[aria-sort={order}]", has_text="faults").wait_for()
    assert "offset/rows-float32-1000" in (first.text_content() or "")
    page.get_by_role("searchbox").fill("spatial/test-nchw-float16")
    page.wait_for_function(
        "document.querySelector('table.data tbody tr').textContent.includes('spatial/test-nchw')"
    )


def test_a_row_of_a_table_has_a_permalink(tab: Tab) -> None:
    """A run is found by its anchor, also in a table that the library took over."""
    page = tab.open("index.html")
    page.locator("footer a").click()
    page.wait_for_url("**/runs.html#2026-05-04T*")
    assert page.locator("tr:target").is_visible()


def test_charts_are_drawn_with_their_marks(tab: Tab) -> None:
    """Every chart with data has a canvas with something on it, and a legend to switch series."""
    page = tab.open("paths/torch--functional.html")
    assert page.locator(".plot canvas").count() == 3
    drawn = (
        "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)"
    )
    for canvas in page.locator(".plot canvas").all():
        assert canvas.evaluate(drawn)
    label = page.locator(".u-legend .u-series th").nth(1)
    label.focus()
    page.keyboard.press("Enter")
    assert "u-off" in (page.locator(".u-series").nth(1).get_attribute("class") or "")


def test_the_keyboard_reaches_everything(tab: Tab) -> None:
    """The first stop skips to the content; the filter and the cells follow, each with a name."""
    page = tab.open("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        script = (
            "(document.activeElement.name || document.activeElement.closest('td')?.className || '')"
        )
        seen.add(page.evaluate(script))
    assert {"framework", "type", "mode", "rank", "status"} <= seen
    assert any("fail" in name for name in seen)


def test_a_screen_reader_hears_what_a_cell_says(tab: Tab) -> None:
    """Tables have captions or heads with scope, cells have their status as a word."""
    page = tab.open("index.html")
    tree = page.locator("#matrix").aria_snapshot()
    assert 'rowheader "all cases' in tree
    assert "fail" in tree
    unnamed = page.locator("select:not([aria-label])").all()
    assert all(box.evaluate("(node) => node.labels.length") for box in unnamed)
    assert page.locator("main [role=alert]").count() == 1


def test_a_site_that_nobody_makes_anew_says_so(tab: Tab) -> None:
    """Opened a day later, the page itself tells that a night is missing."""
    page = tab.open("index.html")
    assert not page.locator("#stale").is_visible()
    page.clock.set_fixed_time("2026-05-06T12:00:00Z")
    page.reload()
    assert "Missing night: the newest run began 2 days ago" in (
        page.locator("#stale").text_content() or ""
    )
