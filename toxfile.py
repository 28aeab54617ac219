"""What tox.ini cannot say: one environment for every column, from the folders of ``adapters``.

tox loads this file by its name.  The settings of a column stand in tox.ini, where ``{adapter}`` is
its folder, ``{columns}`` the environments that make the matrix of every day, and ``{adapters}``
their folders; ``{all_columns}`` and ``{all_adapters}`` are the same of the matrix of all, and
``{older_columns}`` the environments of older releases, and ``{deployed_columns}`` and
``{deployed_adapters}`` those of deployed models and their folders.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tox.config.sets import ConfigSet, EnvConfigSet
from tox.plugin import impl
from tox.report import HandledError
from tox.session.state import State

_FILE = Path(__file__).resolve().parent / "ci" / "columns.py"


def _load() -> ModuleType:
    """Load ``ci/columns.py`` by its path: the environment of tox holds nothing of the checkout."""
    spec = importlib.util.spec_from_file_location("conformance_columns", _FILE)
    assert spec is not None  # noqa: S101 - it has the ending .py
    assert spec.loader is not None  # noqa: S101 - the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _columns() -> tuple[Any, ...]:
    module = _load()
    try:
        found: tuple[Any, ...] = module.columns()
    except module.ColumnError as error:
        raise HandledError(str(error)) from None
    return found


@impl
def tox_extend_envs() -> tuple[str, ...]:
    """Name every column: ``tox list`` shows it and ``tox run -e`` takes it."""
    return tuple(column.env for column in _columns())


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    """Tell tox.ini the columns of the matrix, and their folders."""
    del state
    known = _columns()
    pinned = [column for column in known if column.channel == "pinned"]
    usual = [column for column in pinned if not column.apart]
    for prefix, found, which in (("", usual, "of every day"), ("all_", pinned, "of all")):
        environments, folders = ", ".join(c.env for c in found), " ".join(c.adapter for c in found)
        about = f"the environments that make the matrix {which}"
        core_conf.add_config(f"{prefix}columns", str, environments, about)
        core_conf.add_config(f"{prefix}adapters", str, folders, "their folders in adapters")
    older = ", ".join(column.env for column in known if column.channel == "older")
    core_conf.add_config("older_columns", str, older, "the environments of older releases")
    deployed = [column for column in known if column.channel == "deployed"]
    environments = ", ".join(column.env for column in deployed)
    core_conf.add_config("deployed_columns", str, environments, "those of deployed models")
    folders = " ".join(column.adapter for column in deployed)
    core_conf.add_config("deployed_adapters", str, folders, "their folders in adapters")


def _records(column: Any) -> str:
    """The folder of its own; that of an older release is one of a folder of them all."""
    folder = f"records-{column.channel}"
    return f"{folder}/{column.adapter}-{column.release}" if column.release else folder


@impl
def tox_add_env_config(env_conf: EnvConfigSet, state: State) -> None:
    """Tell the environment of a column what is its own; all are empty in any other."""
    del state
    column = next((c for c in _columns() if c.env == env_conf.env_name), None)
    channel = column.channel if column else ""
    other, apart = (
        channel in ("newest", "older"),
        channel in ("newest", "large", "older", "deployed"),
    )
    files = "\n".join(f"-r {file}" for file in column.requirements) if column else ""
    said = {
        "adapter": (column.adapter if column else "", "the folder in adapters that is this column"),
        "requirements": (files, "what its folder says is to be installed"),
        "channel": (channel if other else "", "what its run records say of their versions"),
        "records": (_records(column) if apart else "records", "where its run records go"),
    }
    variables = column.set_env if column else {}
    said["variables"] = (
        "\n".join(f"{name}={value}" for name, value in variables.items()),
        "variables of its environment, as its folder says",
    )
    for key, (value, about) in said.items():
        env_conf.add_config(key, str, value, about)
