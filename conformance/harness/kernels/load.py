"""From the words of a `Source` to something that the worker can run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from conformance.adapter import Adapter, Path
from conformance.arrays import MASK
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import AdapterError
from conformance.harness.kernels import contract, program
from conformance.harness.kernels.bridges import Bridge, bridge
from conformance.harness.kernels.call import Function
from conformance.harness.kernels.contract import ARGUMENTS, Parameters
from conformance.harness.kernels.declared import Declared, declared
from conformance.harness.kernels.find import find
from conformance.harness.kernels.recognise import arrays_of, kind
from conformance.harness.kernels.signature import Signature, signed
from conformance.harness.kernels.source import Source, is_program
from conformance.harness.kernels.steps import Instance


class Run(Protocol):
    """One call of a kernel."""

    def __call__(self, inputs: Inputs, leave_out: tuple[str, ...] = ()) -> Actual:
        """Run it; arguments of `leave_out` are not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A kernel, ready to run.

    Attributes:
        adapter: The kernel as an adapter with one path, called ``kernel``.
        facts: What a report says beside: kind, arrays, takes, fixed.
    """

    adapter: Adapter
    facts: dict[str, Any]


def load(source: Source) -> Loaded:
    """Find a kernel, recognise it, and make it callable; this imports its framework.

    Raises:
        AdapterError: it is not found, does not import, or is no kernel.
        InputError: what it declares does not exist.
    """
    if is_program(source.selector):
        return _program(source)
    # JAX reads this when it is imported: without it there is no float64 to test.
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    found = find(source.selector)
    what = kind(found, source.selector)
    signature = declared(found, source, Dialect()).signature
    if signature is None:
        function, takes, arrays, usual = _as_function(found, what)
    else:
        function, takes, arrays, usual = _by_signature(found, what, signature)
    said = declared(found, source, usual)
    if what == "keras layer":
        said = _wide(said)  # its policies have no such pair of types
    chosen = said.arrays or arrays or arrays_of(function)
    made = _function(function, takes, bridge(chosen), said, automatic=what != "function")
    about = f"{what} {getattr(found, '__name__', source.selector)} over {chosen} arrays"
    live = _live(found, what, said.dialect)
    return Loaded(
        adapter=_adapter(made, said, about, _installed(made.bridge), made.bridge.device, live=live),
        facts=_facts(what, chosen, takes, said),
    )


def _as_function(
    found: Any, what: str
) -> tuple[Callable[..., Any], Parameters, str | None, Dialect]:
    """The callable, its parameters, its arrays if its kind decides them, its usual dialect."""
    if what == "torch module":
        from conformance.harness.kernels.torch_classes import from_module  # noqa: PLC0415 - imports torch

        made = from_module(found)
        return made, contract.parameters(made), "torch", Dialect(layout="channels_first")
    if what == "autograd function":
        from conformance.harness.kernels.torch_classes import from_function  # noqa: PLC0415 - the same

        return *from_function(found), "torch", Dialect()
    if what == "keras layer":
        from conformance.harness.kernels import keras_layers  # noqa: PLC0415 - the same

        made = keras_layers.from_layer(found)
        return made, contract.parameters(made), "tensorflow", keras_layers.dialect_of(found)
    if what == "flax module":
        from conformance.harness.kernels import flax_layers  # noqa: PLC0415 - the same

        made = flax_layers.from_module(found)
        return made, contract.parameters(made), "jax", flax_layers.dialect_of(found)
    return found, contract.parameters(found), None, Dialect()


def _live(found: Any, what: str, dialect: Dialect) -> Callable[[Inputs], Instance] | None:
    """What makes one instance for a sequence of calls; None where a kernel has none."""
    if what not in ("torch module", "keras layer", "flax module"):
        return None

    def live(first: Inputs) -> Instance:
        momentum = first.momentum if dialect.momentum == "new" else 1.0 - first.momentum
        if what == "torch module":
            from conformance.harness.kernels.torch_instance import TorchInstance  # noqa: PLC0415 - imports torch

            return TorchInstance(found, first, momentum)
        if what == "flax module":
            from conformance.harness.kernels import flax_instances  # noqa: PLC0415 - imports Flax

            return flax_instances.instance(found, first, momentum)
        from conformance.harness.kernels.keras_instance import KerasInstance  # noqa: PLC0415 - the same

        return KerasInstance(found, first, momentum)

    return live


def _by_signature(
    found: Any, what: str, signature: Signature
) -> tuple[Callable[..., Any], Parameters, str | None, Dialect]:
    """The same of what is called by position; see `conformance.harness.kernels.signature`.

    Raises:
        AdapterError: it is a class whose constructor and call have a form of their own.
    """
    if what not in ("function", "autograd function"):
        raise AdapterError(
            f"a {what} has a signature of its own, and {signature.text!r} was declared. "
            "Declare one for a function or an autograd.Function."
        )
    called = found if what == "function" else found.apply
    return *signed(called, signature), None if what == "function" else "torch", Dialect()


def _function(
    function: Callable[..., Any],
    takes: Parameters,
    to: Bridge,
    said: Declared,
    *,
    automatic: bool,
) -> Function:
    return Function(
        function=function,
        takes=takes,
        bridge=to,
        dialect=said.dialect,
        differentiates=automatic or not takes.takes("dy"),
        keeps_running=takes.takes("momentum") or "momentum" in said.fixed,
    )


def _program(source: Source) -> Loaded:
    run = program.program(source.selector)

    def call(inputs: Inputs, leave_out: tuple[str, ...] = ()) -> Actual:
        del leave_out  # a program is always told everything
        found: Actual = run(inputs)
        return found

    said = _wide(declared(None, source, Dialect()))
    takes = Parameters(names={name: name for name in ARGUMENTS if name != MASK})
    return Loaded(
        adapter=_adapter(call, said, source.selector, ("numpy",), lambda: "its own"),
        facts=_facts("program", "files", takes, said),
    )


def _wide(said: Declared) -> Declared:
    """The same for what reads parameters of the type of x or of a wider one, and no mask."""
    able = replace(said.capabilities, narrow=frozenset(), masks=frozenset())
    return replace(said, capabilities=able)


def _adapter(
    run: Run,
    said: Declared,
    about: str,
    packages: tuple[str, ...],
    device: Callable[[], str],
    *,
    live: Callable[[Inputs], Instance] | None = None,
) -> Adapter:
    path = Path(
        name="kernel",
        about=about,
        run=run,
        dialect=said.dialect,
        capabilities=said.capabilities,
        live=live,
    )
    return Adapter(name="kernel", packages=packages, device=device, paths=(path,))


def _facts(what: str, arrays: str, takes: Parameters, said: Declared) -> dict[str, Any]:
    return {
        "kind": what,
        "arrays": arrays,
        "takes": list(takes.names),
        "fixed": dict(said.fixed),
        "dtypes": sorted(said.capabilities.dtypes),
        "ranks": sorted(said.capabilities.ranks),
        "per_activation": said.capabilities.per_activation,
        "where": list(said.where),
    }


def _installed(to: Bridge) -> tuple[str, ...]:
    """Those of a bridge's distributions that are there: the same framework has several names."""
    if len(to.PACKAGES) == 1:
        return to.PACKAGES
    from importlib import metadata  # noqa: PLC0415 - half as long as numpy takes

    found = []
    for package in to.PACKAGES:
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
        found.append(package)
    return tuple(found) or to.PACKAGES[:1]
