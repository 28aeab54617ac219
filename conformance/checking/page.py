"""A report as one HTML page that needs nothing from outside: ``conformance check --html FILE``."""

from __future__ import annotations

from html import escape

from conformance.checking import grouping, pictures
from conformance.checking.notebook import html
from conformance.checking.report import Report

_STYLE = """\
body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1f2328}
table{border-collapse:collapse}th,td{border:1px solid #d0d7de;padding:.2em .6em;text-align:left}
code{background:#f6f8fa;padding:.1em .3em}figure{margin:1em 0}svg{max-width:100%}
"""


def page(report: Report) -> str:
    """The page of a report: verdict, what failures have in common, pictures, every failure."""
    kinds = "".join(
        f"<li>{escape(f.sentence)}; see <code>{escape(f.example.case)}</code></li>"
        for f in grouping.findings(report.asked, report.calls)
    )
    drawn = "".join(map(pictures.svg, report.pictures))
    shown = f"<h2>Where</h2><p>{pictures.legend()}</p>{drawn}" if drawn else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(report.kernel)}: batch normalization conformance</title>"
        f"<style>{_STYLE}</style></head><body>"
        f"<h1>{escape(report.kernel)}</h1>"
        + (f"<h2>What is wrong</h2><ul>{kinds}</ul>" if kinds else "")
        + f"{shown}<h2>Report</h2>{html(report)}</body></html>\n"
    )
