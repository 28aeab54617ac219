"""What an adapter is, and how one is found and loaded.

An adapter is a folder ``adapters/<name>/`` with ``adapter.py``, ``requirements.txt`` and
``expectations.toml``.  Its ``adapter.py`` defines one module-level constant, `ADAPTER`.
Adapters are loaded by path and never imported, so they cannot clash with a framework's name.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path as FilePath
from types import ModuleType

from conformance import float_types, places, printable
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import AdapterError

FLOATS = frozenset(float_types.FLOAT_TYPES)
HALVES = frozenset(float_types.HALVES)

MASKS = frozenset({"positions", "values"})
"""The kinds of masks: the same for all channels, or another for each."""

WROTE_TO_INPUTS = "wrote to its inputs"
"""How the reason of an error begins where a call changed its inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a path can take; what it cannot is reported as unsupported, with the reason.

    Attributes:
        dtypes: Types of `x`.
        pure: Types of `x` that may come with parameters of that same type.
        mixed: Types of `x` that may come with float32 parameters, wider than they are.
        narrow: Types of a call that may come with narrower parameters, of
            `conformance.float_types.NARROW`, such as ``"float32+float16"``.
        ranks: Ranks of `x`.
        training: Whether training mode exists.
        test_mode: Whether test mode (running statistics) exists.
        without_gamma: Whether gamma may be absent.
        without_beta: Whether beta may be absent.
        without_running: Whether training works when no running statistics are kept.
        per_activation: Whether the per-activation mode exists.
        masks: Which of `MASKS` it takes.
        max_elements: The largest ``x.size`` that can be run in reasonable time; None for any.
        blocks: Kinds of deployed blocks that it takes, as `conformance.block.Block.kind` names
            them; none where it is no path of deployment.
    """

    dtypes: frozenset[str] = FLOATS
    pure: frozenset[str] = FLOATS
    mixed: frozenset[str] = HALVES
    narrow: frozenset[str] = frozenset()
    ranks: frozenset[int] = frozenset({2, 3, 4, 5})
    training: bool = True
    test_mode: bool = True
    without_gamma: bool = True
    without_beta: bool = True
    without_running: bool = True
    per_activation: bool = False
    masks: frozenset[str] = frozenset()
    max_elements: int | None = None
    blocks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What only the machine can tell: whether a path has a kernel for some calls.

    A worker asks it before the first call that it concerns, and once.  An exception that leaves
    `ask` is no answer: it makes those calls an error.

    Attributes:
        name: What is tried, such as ``"the gradient of bfloat16 in test mode"``.
        concerns: Whether a call needs the answer.
        ask: Tries the smallest such call; None where it works, else why it does not, as found.
        outputs: What is lacking where it does not work; empty where nothing can be computed.
    """

    name: str
    concerns: Callable[[Inputs], bool]
    ask: Callable[[], str | None]
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One code path of a framework; with its version and device a column of the matrix.

    Attributes:
        name: Short name, unique in its adapter, such as ``"channels_last"``.
        about: What is called, in one line, in the framework's own terms.
        run: Runs one call: arrays in the layout of `Inputs`, outputs in that same layout.
            It must not write to its inputs.  It returns the outputs that it computes, under
            the names of `OUTPUT_NAMES`; it raises `Unsupported` for what it cannot take.
        dialect: The conventions of this path.
        capabilities: What this path can take.
        sample: Globs of case ids; None runs every case.  Cases outside it are `not-run`.
        sample_reason: Why only a sample, such as ``"2 s of compilation per case"``.
        switches: Environment variables that the framework reads when it is imported and that make
            this path what it is, such as ``{"TF_ENABLE_ONEDNN_OPTS": "0"}``.  The worker of the
            path is started with them, whatever they are outside, and the run record keeps them.
        probes: What this path can take on the machine at hand.
        live: Makes one instance for a sequence of calls, from the first of them: it takes the
            inputs of each step and a word for how to take it.  None where there is none.
        defaults: Finds what the framework does where a call says nothing: ``"eps"``, ``"momentum"``
            (in its own sense; None where a call must say it), the ``"new_weight"`` that a call left
            to its defaults gives the new value, ``"takes_mask"``.  None, or left out: not known.
    """

    name: str
    about: str
    run: Callable[[Inputs], Actual]
    dialect: Dialect = field(default_factory=Dialect)
    capabilities: Capabilities = field(default_factory=Capabilities)
    sample: tuple[str, ...] | None = None
    sample_reason: str = ""
    switches: Mapping[str, str] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()
    live: Callable[[Inputs], Callable[[Inputs, str], Actual]] | None = None
    defaults: Callable[[], Mapping[str, object]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Everything about one framework.

    Attributes:
        name: Name of the folder.
        packages: Distributions whose versions make the column, the framework itself first.
        device: Tells where the paths run, such as ``"cpu"`` or ``"simulator"``.
        paths: The code paths, in the order of the columns.
        reproduce: From the name of a path, the inputs of a call and the name of an output to a
            program in the framework's own terms that makes this call and prints the output as
            nested lists of numbers.  None where there is no framework to report to.
        traits: What the framework does on some machines and not on others, found by trying, such
            as ``"fused-multiply-add"``; a known failure may be limited to one, see
            `conformance.verdict.known.expectations`.
    """

    name: str
    packages: tuple[str, ...]
    device: Callable[[], str]
    paths: tuple[Path, ...]
    reproduce: Callable[[str, Inputs, str], str] | None = None
    traits: Mapping[str, Callable[[], bool]] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """The path called `name`.

        Raises:
            AdapterError: there is none; the message lists those that exist.
        """
        for path in self.paths:
            if path.name == name:
                return path
        known = [path.name for path in self.paths]
        raise AdapterError(
            f"adapter {self.name!r} has no path {name!r}.{_nearest(name, known)} "
            f"Its paths are: {', '.join(known)}."
        )


def why_not(capabilities: Capabilities, inputs: Inputs) -> str | None:
    """The reason why a path cannot take `inputs`, or None where it can."""
    x, params = str(inputs.x.dtype), str(inputs.parameter_dtype)
    able, block = capabilities, inputs.block
    kind = "" if block is None else block.kind
    known = params == x or x in able.mixed or inputs.types in able.narrow
    refusals: Iterable[tuple[bool, str]] = (
        (x not in able.dtypes, f"no {x}"),
        (params == x and x not in able.pure, f"no {x} parameters"),
        (not known, f"no {x} input with {params} parameters"),
        (inputs.x.ndim not in able.ranks, f"no rank {inputs.x.ndim}"),
        (block is not None and block.kind not in able.blocks, f"no block: {kind}"),
        (inputs.training and not able.training, "no training mode"),
        (not inputs.training and not able.test_mode, "no test mode"),
        (inputs.gamma is None and not able.without_gamma, "gamma cannot be absent"),
        (inputs.beta is None and not able.without_beta, "beta cannot be absent"),
        (
            inputs.training and inputs.running_mean is None and not able.without_running,
            "running statistics cannot be absent",
        ),
        (
            isinstance(inputs.axis, tuple) and not able.per_activation,
            "no per-activation mode",
        ),
        (inputs.mask is not None and not able.masks, "no mask"),
        (
            inputs.mask is not None and mask_kind(inputs) not in able.masks,
            "no mask that is another for every channel",
        ),
        (
            able.max_elements is not None and inputs.x.size > able.max_elements,
            f"{inputs.x.size} elements, at most {able.max_elements} here",
        ),
    )
    return next((reason for refused, reason in refusals if refused), None)


def mask_kind(inputs: Inputs) -> str:
    """Which of `MASKS` a call has."""
    sizes = () if inputs.mask is None else inputs.mask.shape
    same = all(sizes[axis] == 1 for axis in inputs.channel_axes if axis < len(sizes))
    return "positions" if same else "values"


def names() -> list[str]:
    """The names of all adapters that this installation holds, sorted."""
    return sorted(p.parent.name for p in places.folder("adapters").glob("*/adapter.py"))


def is_deployed(folder: FilePath) -> bool:
    """Whether a folder's paths deploy models, and are held to the deployed tier: by its name."""
    return folder.name.endswith("_deployed")


def split(selector: str) -> tuple[str, str | None]:
    """Take a selector apart: the adapter's name or file, and the path or None for all.

    ``torch/native`` is ``("torch", "native")``; ``my/adapter.py:fast`` is
    ``("my/adapter.py", "fast")``.
    """
    file, dot_py, rest = selector.partition(".py")
    if dot_py:
        return file + dot_py, rest.removeprefix(":") or None
    name, _, path = selector.partition("/")
    return name, path or None


def home(name: str) -> FilePath:
    """The folder of the adapter of that name, or around that ``adapter.py``.

    Raises:
        AdapterError: there is none; the message names the nearest.
    """
    if name.endswith(".py"):
        if not FilePath(name).is_file():
            raise AdapterError(f"there is no file {name}. Give the path of an adapter.py.")
        return FilePath(name).resolve().parent
    known = names()
    if name in known:
        return places.folder("adapters") / name
    raise AdapterError(
        f"there is no adapter {name!r}.{_nearest(name, known)} "
        f"Adapters here are: {', '.join(known) or 'none'}."
    )


def load(name: str) -> Adapter:
    """Load the adapter of that name or file; this imports its framework.

    Raises:
        AdapterError: there is none of that name, its framework is not installed, or its file
            does not define `ADAPTER`.
    """
    file = FilePath(name).resolve() if name.endswith(".py") else home(name) / "adapter.py"
    module_name = f"{_PACKAGE}.{file.parent.name}"
    if not file.is_file():
        home(name)  # says what is wrong
    _place(file.parent.parent)
    # With search locations the file can import its siblings: `from . import kernels`.
    spec = importlib.util.spec_from_file_location(
        module_name, file, submodule_search_locations=[str(file.parent)]
    )
    if spec is None or spec.loader is None:
        raise AdapterError(f"{file} cannot be loaded as Python. Give it the ending .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        requirements = file.with_name("requirements.txt")
        raise AdapterError(
            f"adapter {name!r} needs what it cannot have: {error}. "
            f"What is not installed comes with: pip install -r {requirements}"
        ) from error
    adapter = getattr(module, "ADAPTER", None)
    if not isinstance(adapter, Adapter):
        raise AdapterError(
            f"{file} defines ADAPTER = {adapter!r}, an Adapter was wanted. "
            "Define ADAPTER = Adapter(name=..., packages=..., device=..., paths=...)."
        )
    _require_names(adapter, file)
    _require_switches(adapter, file)
    return adapter


def _place(folder: FilePath) -> None:
    """Let a library's adapter take what its framework's has: ``from ..jax import calling``.

    What was loaded from another place is none of these neighbours.
    """
    package = sys.modules.get(_PACKAGE)
    if package is not None and package.__path__ == [str(folder)]:
        return
    for name in tuple(sys.modules):  # at once: a framework may be importing in a thread of its own
        if name.startswith(f"{_PACKAGE}."):
            del sys.modules[name]
    package = sys.modules[_PACKAGE] = ModuleType(_PACKAGE)
    package.__path__ = [str(folder)]


def _require_names(adapter: Adapter, file: FilePath) -> None:
    """Refuse names that no column, file and selector can have.

    Raises:
        AdapterError: there is one.
    """
    for name in (adapter.name, *(path.name for path in adapter.paths)):
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise AdapterError(
                f"{file}: {printable.value(name)} is the name of the adapter or of a path; up to "
                "100 of A-Z, a-z, 0-9, _, ., + and - were wanted, none of the last three first. "
                "Rename it."
            )


def _require_switches(adapter: Adapter, file: FilePath) -> None:
    """Refuse switches that no process can be started with.

    Raises:
        AdapterError: a name or a value is no text of an environment.
    """
    for path in adapter.paths:
        for name, value in path.switches.items():
            texts = isinstance(name, str) and isinstance(value, str)
            if not texts or not name or "=" in name or "\0" in name + value:
                raise AdapterError(
                    f"{file}: path {path.name!r} has the switch {name!r} = {value!r}, the name and "
                    "the value of an environment variable were wanted. Write them as texts, such "
                    'as {"TF_ENABLE_ONEDNN_OPTS": "0"}.'
                )


_PACKAGE = "conformance._loaded_adapters"
"""Where adapters are loaded to, each under the name of its folder."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}", re.ASCII)
"""Names of adapters and paths, as ``schemas/run-record.json`` has them."""


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
