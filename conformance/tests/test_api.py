"""What `import conformance` gives."""

from __future__ import annotations

import subprocess
import sys

import conformance


def test_every_public_name_exists() -> None:
    """The public names are few and all there."""
    assert len(conformance.__all__) <= 10
    for name in conformance.__all__:
        assert getattr(conformance, name) is not None


def test_import_loads_no_framework() -> None:
    """Importing the package loads numpy and h5py, and none of the heavy rest."""
    code = (
        "import sys, conformance; "
        "heavy = {'torch', 'tensorflow', 'jax', 'numba', 'pytest', 'rich', 'jinja2'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
