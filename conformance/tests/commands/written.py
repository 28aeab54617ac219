"""The commands that write: with what, from which state, and whether a result is old or new."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no types

from conformance.cases import golden
from conformance.cases.exported.folder import form_of, write
from conformance.cases.exported.formats import named
from conformance.cases.golden import writing
from conformance.cases.own.generate import generate
from conformance.errors import GoldenFileError
from conformance.nights.history import History
from conformance.places import folder as data_folder
from conformance.tests.checking.kernels import RIGHT
from conformance.tests.nights.history.nights import night
from conformance.tests.report.records import case as case_of
from conformance.tests.report.records import failed, passed, save
from conformance.verdict import record_file
from conformance.verdict.known import expectations

OLD = "old"

_LOSSY = Path(__file__).parents[1] / "data" / "lossy" / "adapter.py"
_PROGRAM = "import sys\nsys.exit(77)\n"
_HEAD = "[cause.one-pass]\nreason = 'E[x^2] - mean^2'\nreproduction = 'print(0)'\nprints = '0'\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A command that writes.

    Attributes:
        name: Its name here.
        words: Its arguments, for a folder that `prepare` made the current one.
        prepare: Makes what it reads, and the outputs of an earlier run.
        state: ``"old"``, ``"new"`` or, where readers refuse what is there and say so,
            ``"refused"``; raises where it is anything else.
        again: Makes way for the next start, where it would refuse to write over what is there.
        code: Python that writes in its stead, where the whole command takes minutes.
    """

    name: str
    words: tuple[str, ...]
    prepare: Callable[[Path], None]
    state: Callable[[Path], str]
    again: Callable[[Path], None] = lambda _: None
    code: str = ""


def _one(*states: str) -> str:
    """The state of several files that were written one after the other."""
    return "old" if set(states) == {"old"} else "new" if "old" not in states else "some new"


def _text(file: Path, begins: str, ends: str = "\n") -> str:
    text = file.read_text(encoding="utf-8")
    if text == OLD:
        return "old"
    assert text.startswith(begins), text[:80]
    assert text.endswith(ends), text[-80:]
    return "new"


def _json(file: Path, key: str) -> str:
    text = file.read_text(encoding="utf-8")
    if text == OLD:
        return "old"
    assert json.loads(text)[key]
    return "new"


def _kernel(place: Path) -> None:
    (place / "kernel.py").write_text(RIGHT)
    (place / "program.py").write_text(_PROGRAM)
    for name in ("report.json", "statement.json"):
        (place / name).write_text(OLD)


def _check_state(place: Path) -> str:
    return _one(_json(place / "report.json", "cases"), _json(place / "statement.json", "schema"))


def _records(place: Path) -> None:
    save(night(0), place / "records")
    results = [case_of({"y": failed(), "dx": passed()}, f"offset/{i}") for i in range(3)]
    save(night(1, results=results), place / "later")
    for name in ("diff.md", *(f"report/{f}" for f in _REPORT)):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(OLD)


_REPORT = {"matrix.md": "✅ ", "index.html": "<!DOCTYPE html>", "junit.xml": "<?xml"}


def _matrix_state(place: Path) -> str:
    texts = [_text(place / "report" / n, begin, "") for n, begin in _REPORT.items()]
    return _one(*texts)


def _ran(place: Path) -> None:
    (place / "records" / "textbook").mkdir(parents=True)
    (place / "records" / "textbook" / "staged.json").write_text(OLD)


def _run_state(place: Path) -> str:
    file = place / "records" / "textbook" / "staged.json"
    if file.read_text(encoding="utf-8") == OLD:
        return "old"
    assert record_file.read(file).cases
    return "new"


def _history(place: Path) -> None:
    save(night(1), place / "records")
    History(place / "history").add(night(0))


def _history_state(place: Path) -> str:
    history = History(place / "history")
    assert not history.damaged()
    runs = [history.entries(name) for name in history.names()]
    return {1: "old", 2: "new"}[len([run for run in runs if run])]


def _site(place: Path) -> None:
    history = History(place / "history")
    history.add(night(0))
    (place / "site").mkdir()
    for name in (".conformance-site", "index.html"):
        (place / "site" / name).write_text(OLD)


def _site_state(place: Path) -> str:
    state = _text(place / "site" / "index.html", "", "")
    whole = {"feed.xml", "runs.html", "cases.html", ".conformance-site"}
    assert state == "old" or whole <= {p.name for p in (place / "site").iterdir()}
    return state


def _exported(place: Path) -> None:
    out = place / "out"
    write(out, "raw", iter([(OLD, (b"",))]))


def _exported_state(place: Path) -> str:
    out = place / "out"
    assert form_of(out) == "raw"
    if (out / OLD).exists():
        return "old"
    assert len(list(named("raw").read(out))) == len(golden.select("momentum/*"))
    return "new"


def _drawn(place: Path) -> None:
    (place / "case.html").write_text(OLD)


def _golden(place: Path) -> None:
    writing.write(
        list(golden.load(golden.select("momentum/*"))),
        place / "golden",
        explain={"momentum": "a family"},
    )


def _golden_state(place: Path) -> str:
    folder = place / "golden"
    for file in folder.glob("*.h5"):
        with h5py.File(file) as opened:
            assert opened.attrs["schema"]
    try:
        count = len(list(golden.load(golden.select("*", folder), folder)))
    except GoldenFileError:
        return "refused"
    return "new" if count == len(golden.select("*")) else "old"


_RECIPE = """name = "mine"
[[problem]]
shape = [16, 8]
count = 12
"""


def _own(place: Path) -> None:
    (place / "my.toml").write_text(_RECIPE)
    generate({"name": "old", "problem": [{"shape": [2, 2]}]}, place / "own")


def _own_state(place: Path) -> str:
    folder = place / "own"
    ids = [case.id for case in golden.load(golden.select(None, folder), folder)]
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# Golden files: ")
    if ids == ["old/2x2-float32-train"]:
        return "old"
    assert len(ids) == 12
    return "new"


def _lossy(place: Path) -> None:
    (place / "lossy").mkdir()
    shutil.copy(_LOSSY, place / "lossy")
    (place / "lossy" / "expectations.toml").write_text(_HEAD)
    cases = ("offset/rows-float32-1000", "offset/columns-float32-1000")
    results = [case_of({"var": failed()}, name) for name in cases]
    (record,) = night(0, ["lossy/one_pass"], results=results)
    save([record], place / "records")
    (place / "bug.md").write_text(OLD)


def _expectations_state(place: Path) -> str:
    file = place / "lossy" / "expectations.toml"
    if file.read_text(encoding="utf-8") == _HEAD:
        return "old"
    assert expectations.read(file).entries
    return "new"


def _adapter_state(place: Path) -> str:
    folder = place / "made" / "mine"
    if not folder.exists():
        return "old"
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert names == {"adapter.py", "requirements.txt", "expectations.toml", "tests/test_mine.py"}
    return "new"


def _power(place: Path) -> None:
    (place / "power").mkdir()
    for name in ("power.md", "power.svg", "power.json"):
        (place / "power" / name).write_text(OLD)


def _power_state(place: Path) -> str:
    return _one(
        _text(place / "power" / "power.md", "#"),
        _text(place / "power" / "power.svg", "<?xml", "</svg>\n"),
        _json(place / "power" / "power.json", "faults"),
    )


_POWER = (
    "import json; from pathlib import Path; from conformance.commands import power; "
    "power._write(json.loads(Path(sys.argv[1]).read_text()), Path('power'))"
)
_DOCUMENT = data_folder("fixtures").parent / "docs" / "power.json"

_ALL = (
    Written(
        name="check",
        words=(
            *("check", "kernel.py", "--case", "momentum/*", "--no-fresh"),
            *("--out", "report.json", "--statement", "statement.json"),
        ),
        prepare=_kernel,
        state=_check_state,
    ),
    Written(
        name="run",
        words=("run", "textbook/staged", "--case", "momentum/*", "--records", "records"),
        prepare=_ran,
        state=_run_state,
    ),
    Written(
        name="matrix",
        words=("matrix", "records", "--out", "report", "--format", "markdown,html,junit"),
        prepare=_records,
        state=_matrix_state,
    ),
    Written(
        name="diff",
        words=("diff", "records", "later", "--format", "markdown", "--out", "diff.md"),
        prepare=_records,
        state=lambda place: _text(place / "diff.md", "###"),
    ),
    Written(
        name="history",
        words=("history", "add", "records", "--history", "history"),
        prepare=_history,
        state=_history_state,
    ),
    Written(
        name="site",
        words=("site", "--history", "history", "--out", "site", "--every", "1e6"),
        prepare=_site,
        state=_site_state,
    ),
    Written(
        name="export",
        words=("export", "--format", "raw", "--case", "momentum/*", "--out", "out"),
        prepare=_exported,
        state=_exported_state,
    ),
    Written(
        name="show",
        words=("show", "momentum/one*", "--html", "case.html"),
        prepare=_drawn,
        state=lambda place: _text(place / "case.html", "<!doctype html>", "</html>\n"),
    ),
    Written(
        name="generate",
        words=("generate", "--out", "golden"),
        prepare=_golden,
        state=_golden_state,
    ),
    Written(
        name="generate-own",
        words=("generate", "my.toml", "--out", "own"),
        prepare=_own,
        state=_own_state,
    ),
    Written(
        name="report-bug",
        words=(
            *("report-bug", "lossy/adapter.py:one_pass", "offset/rows-float32-1000"),
            *("--out", "bug.md", "--seconds", "0"),
        ),
        prepare=_lossy,
        state=lambda place: _text(place / "bug.md", "#"),
    ),
    Written(
        name="new-adapter",
        words=("new-adapter", "mine", "--into", "made"),
        prepare=lambda _: None,
        state=_adapter_state,
        again=lambda place: shutil.rmtree(place / "made" / "mine", ignore_errors=True),
    ),
    Written(
        name="expectations",
        words=(
            *("expectations", "lossy/adapter.py", "--records", "records"),
            *("--update", "--cause", "one-pass"),
        ),
        prepare=_lossy,
        state=_expectations_state,
    ),
    Written(
        name="power",
        words=(str(_DOCUMENT),),
        prepare=_power,
        state=_power_state,
        code=_POWER,
    ),
)

COMMANDS = tuple(each for each in _ALL if not each.code or _DOCUMENT.is_file())
"""All of them; the picture of power needs the document of a checkout."""
