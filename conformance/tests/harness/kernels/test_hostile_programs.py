"""Programs that write what is no answer: each is told, none is read without end."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels.program import program
from conformance.tests.oracle.by_hand import make

INPUTS = make((6, 4), np.float32)

FOLDERS = {
    "link": ('ln -s "$1/x" "$2/y"', "y is a link"),
    "endless_link": ('ln -s /dev/zero "$2/y"', "y is a link"),
    "pipe": ('mkfifo "$2/y"', "y is a link, a pipe"),
    "folder": ('mkdir "$2/y"', "a regular file was wanted"),
    "short": ('printf x > "$2/y"', "y has 1 bytes, 96 were wanted"),
    "sparse": ('truncate -s 4G "$2/y"', "y has 4294967296 bytes"),
    "strays": ('cd "$2"; seq 5000 | xargs touch', "characters); the outputs are y"),
    "escapes": ("touch \"$2/$(printf '\\033[2J')\"", "\\x1b[2J"),
    "no_folder": ('rm -r "$2"', "wrote no"),
    "a_file": ('rm -r "$2"; touch "$2"', "wrote what cannot be read"),
    "prints": (
        "yes here | head -c 200000000; yes there | head -c 200000000 >&2; exit 3",
        "status 3",
    ),
    "left_open": ("sleep 30 & exit 3", "exits with status 3"),
}

TALL = """
import io, zipfile
head, facts = io.BytesIO(), {"descr": "<f8", "fortran_order": False, "shape": (1 << 58,)}
np.lib.format.write_array_header_1_0(head, facts)
zipfile.ZipFile(f, "w").writestr("y.npy", head.getvalue())
"""
VIRTUAL = """
made = h5py.VirtualLayout((4,), "f4")
made[:] = h5py.VirtualSource(sys.argv[1], "x", (4,))
f.create_virtual_dataset("y", made)
"""

NPZ = {
    "bomb": ("np.savez_compressed(f, y=np.zeros(1 << 24))", "at most"),
    "objects": ("np.savez(f, y=np.array([{}], dtype=object))", "pickle"),
    "many": ("np.savez(f, **{f'a{i}': 0 for i in range(5000)})", "5000 arrays"),
    "npy": ("np.save(f, np.zeros(3))", "not a zip file"),
    "text": ("f.write(b'PK' * 100)", "not a zip file"),
    "tall": (TALL, "cannot be read"),
}

HDF5 = {
    "outside": ("f['y'] = h5py.ExternalLink(sys.argv[1], 'x')", "y is a link"),
    "soft": ("f['mean'] = np.zeros(4); f['y'] = h5py.SoftLink('/mean')", "y is a link"),
    "group": ("f.create_group('y')", "y is a link or no array"),
    "large": ("f.create_dataset('y', (1 << 40,), 'f4', chunks=(1024,))", "at most"),
    "virtual": (VIRTUAL, "y is a link or no array"),
    "stored_outside": (
        "f.create_dataset('y', (4,), 'f4', external=[('/etc/passwd', 0, 16)])",
        "y is a link or no array",
    ),
    "strays": ("[f.create_group(f'a{i}') for i in range(500)]", "characters); the outputs are y"),
}


def refused(selector: str) -> str:
    """What the error says of a program."""
    with pytest.raises(AdapterError) as caught:
        program(selector)(INPUTS)
    return str(caught.value)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_hostile_folder_is_told(name: str, tmp_path: Path) -> None:
    """Links, pipes, holes, strays and noise are an error in bounded words, and take no memory."""
    text, words = FOLDERS[name]
    (tmp_path / "program.sh").write_text(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = refused(f"exec:/bin/sh {tmp_path}/program.sh")
    assert words in said
    assert len(said) < 5000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10  # kilobytes


@pytest.mark.parametrize("name", NPZ)
def test_a_hostile_npz_file_is_told(name: str, tmp_path: Path) -> None:
    """What unpacks to more than an answer, or to objects, is refused before it is unpacked."""
    text, words = NPZ[name]
    file = tmp_path / "program.py"
    file.write_text(f"import sys\nimport numpy as np\nf = open(sys.argv[2], 'wb')\n{text}\n")
    said = refused(f"exec+npz:{sys.executable} {file}")
    assert words in said
    assert len(said) < 1000


@pytest.mark.parametrize("name", HDF5)
def test_a_hostile_hdf5_file_is_told(name: str, tmp_path: Path) -> None:
    """What lies in another file, or is larger than an answer, is refused before it is read."""
    text, words = HDF5[name]
    file = tmp_path / "program.py"
    lines = "import sys, h5py\nimport numpy as np\nf = h5py.File(sys.argv[2], 'w')\n"
    file.write_text(f"{lines}{text}\nf.close()\n")
    said = refused(f"exec+hdf5:{sys.executable} {file}")
    assert words in said
    assert len(said) < 1000


def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A file that is a pipe is refused, since its reading would never begin."""
    (tmp_path / "program.sh").write_text('mkfifo "$2"')
    for form in ("npz", "hdf5"):
        assert "a pipe" in refused(f"exec+{form}:/bin/sh {tmp_path}/program.sh")


def test_a_reason_without_end_is_cut(tmp_path: Path) -> None:
    """The last line of a program that takes no call is its reason, as far as it is kept."""
    (tmp_path / "program.sh").write_text("yes | head -c 9000000 | tr -d '\\n' >&2; exit 77")
    with pytest.raises(Unsupported) as caught:
        program(f"exec:/bin/sh {tmp_path}/program.sh")(INPUTS)
    assert len(str(caught.value)) <= 1000
