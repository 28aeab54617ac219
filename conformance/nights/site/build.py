"""Making the site in a folder: whole beside the old one, then in its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from conformance import scratch
from conformance.atomic import put_folder
from conformance.errors import HistoryError
from conformance.nights.history.store import History
from conformance.nights.site import badges, catching, news
from conformance.nights.site.archive import Archive
from conformance.nights.site.facts import all_facts
from conformance.nights.site.pages import Site

_HERE = Path(__file__).parent
_MARK = ".conformance-site"
_LOOK = (_HERE.parents[1] / "report" / "templates" / "page.css", _HERE / "assets" / "site.css")
"""The site looks as the report of one run does, and has more."""


def build(
    history: History,
    out: Path,
    now: datetime,
    *,
    hours: float,
    power: Path | None = None,
    address: str = "",
    done: Callable[[int], None] = lambda _pages: None,
) -> int:
    """Make the site of a history.

    Args:
        history: The history.
        out: The folder; a site that is there is replaced once the new one is whole.
        now: The time that ages are told for.
        hours: After how many hours without a run a night is missing.
        power: The power.json that tells which case shows which fault.
        address: Where the site will be, for the links of the feed.
        done: Told how many pages are there, after each.

    Returns:
        How many files were written.

    Raises:
        HistoryError: there is no run that can be read, or `out` holds something else.
    """
    if out.exists() and any(out.iterdir()) and not (out / _MARK).exists():
        raise HistoryError(
            f"{out} is not empty and holds no site of this program. "
            "Give another folder with --out, or empty that one."
        )
    site = _site(history, now, hours=hours, power=power)
    out.parent.mkdir(parents=True, exist_ok=True)
    with scratch.folder(out.parent) as beside:
        fresh = beside / "site"
        shutil.copytree(_HERE / "assets", fresh / "assets")
        (fresh / "assets" / "site.css").unlink()
        look = "".join(sheet.read_text(encoding="utf-8") for sheet in _LOOK)
        _write(fresh / "assets" / "style.css", look)
        count = 0
        for count, (place, text) in enumerate(_texts(site, address), start=1):
            _write(fresh / place, text)
            done(count)
        _write(fresh / _MARK, "")
        _put(fresh, out)
    return count


def _site(history: History, now: datetime, *, hours: float, power: Path | None) -> Site:
    archive = Archive(history, now, hours=hours)
    return Site(
        archive=archive,
        facts=all_facts(),
        catching=catching.read(power) if power else catching.Catching(),
        news=news.gather(archive),
    )


def _texts(site: Site, address: str) -> Iterator[tuple[str, str]]:
    yield from site.pages()
    yield from badges.files(site.archive, site.totals).items()
    yield "feed.xml", news.feed(site.archive, site.news, address)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _put(fresh: Path, out: Path) -> None:
    """Put the new folder where the old one was; the old one goes with the scratch folder."""
    fresh.chmod(0o755)
    put_folder(fresh, out)
