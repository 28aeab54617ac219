"""Tests of the site's content security policy in a real Chromium, from a server and a disk."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from conformance.tests.nights.site.nights import site
from conformance.tests.nights.site.test_browser import browser, pytestmark

__all__ = ["browser", "pytestmark"]  # the fixture, and what these tests need as well

INJECTED = """
<script>document.title = "owned"</script>
<img src="data:," onerror="document.title = 'owned'">
<a id="lure" href="javascript:document.title = 'owned'">lure</a>
<script src="https://example.org/x.js"></script>
<base href="https://example.org/">
<p id="styled" style="color: rgb(1, 2, 3)">styled</p>
"""
"""What a name from a record would have to become on a page to do harm."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of four nights."""
    return site(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def address(made: Path) -> Iterator[str]:
    """Where a server has it, as Pages would."""
    handler = functools.partial(_Quiet, directory=str(made))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def kinds(made: Path) -> list[str]:
    """Each page at the top, and one of each folder: every kind of page that there is."""
    top = sorted(made.glob("*.html"))
    folders = [place for place in sorted(made.iterdir()) if place.is_dir()]
    deep = [next(iter(sorted(folder.glob("*.html"))), None) for folder in folders]
    return [str(page.relative_to(made)) for page in [*top, *filter(None, deep)]]


@pytest.mark.parametrize("served", [True, False])
def test_no_page_says_anything_to_the_console(
    browser: Browser, made: Path, address: str, served: bool
) -> None:
    """Every kind of page loads its own scripts and styles, and nothing is refused."""
    pages = kinds(made)
    assert {page.split("/")[0] for page in pages} >= {
        *("index.html", "changes.html", "runs.html", "cases.html", "faults.html"),
        "conventions.html",
        *("paths", "cases", "faults"),
    }
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    for place in pages:
        page.goto(f"{address}/{place}" if served else (made / place).as_uri())
        policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
        assert policy is not None
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert page.evaluate("typeof DataTable") == "function"
    assert said == []
    page.close()


def test_what_was_injected_does_nothing(browser: Browser, made: Path, address: str) -> None:
    """Inline scripts, handlers, addresses of scripts, foreign scripts and styles are refused."""
    text = (made / "faults.html").read_text(encoding="utf-8")
    (made / "injected.html").write_text(text.replace("</main>", f"{INJECTED}</main>"))
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/injected.html")
    page.locator("#lure").click()
    assert page.title() != "owned"
    assert page.url.startswith(address)
    assert page.evaluate("document.baseURI").startswith(address)
    assert page.locator("#styled").evaluate("e => getComputedStyle(e).color") != "rgb(1, 2, 3)"
    assert len([line for line in said if "Content Security Policy" in line]) >= 5
    (made / "injected.html").unlink()
    page.close()
