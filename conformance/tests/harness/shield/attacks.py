"""Kernels that attack the process that judges them, as text: right ones that do one thing more.

The text of an attack is the body of a function that is called once, before the first answer.  It
returns what it got hold of, or something false; where it is refused it may raise OSError or
ImportError.  It can use the names of `PRELUDE`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

REACHED = "REACHED"
"""How the reason of a kernel begins that got hold of something."""

PRELUDE = """
import ctypes, gc, importlib, importlib.util, mmap, os, signal, site, socket, stat
import subprocess, sys, tempfile, threading, time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)

def call(result):
    "What a call of the C library returns, or its error."
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return True

def opened(path, how="r+b"):
    with open(path, how):
        return path

def source(name):
    return Path(PACKAGE, *name.split("/")).read_bytes()

def python(text):
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout

def planted(path):
    with open(path, "x"):
        pass
    os.unlink(path)
    return path
"""

_KERNEL = """
import numpy as np

def right(x, gamma, beta, eps):
    rest = (0, *range(2, x.ndim))
    shape = [1, -1] + [1] * (x.ndim - 2)
    wide = x.astype(np.float64)
    mean, var = wide.mean(rest, keepdims=True), wide.var(rest, keepdims=True)
    y = (wide - mean) / np.sqrt(var + eps) * gamma.reshape(shape) + beta.reshape(shape)
    return y.astype(x.dtype)

DONE = []

def batch_norm(x, gamma, beta, *, eps, training):
    if not training:
        raise NotImplementedError("training alone")
    if not DONE:
        DONE.append(1)
        found = []
        for name, attack in ATTACKS.items():
            try:
                got = attack()
            except (OSError, ImportError, AttributeError, MemoryError, RuntimeError) as error:
                got = None
                print(name, "was refused:", error, file=sys.stderr)
            if got:
                found.append(f"{name} got {got!r:.100}")
        if found:
            raise RuntimeError("REACHED: " + "; ".join(found))
    return right(x, gamma, beta, eps)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One thing that a kernel does beside what it should.

    Attributes:
        text: The body of a function; see this module.
        held_by: Each of these holds it alone: names of protections.
    """

    text: str
    held_by: tuple[str, ...] = ("landlock", "mounts")


def kernel(attacks: Mapping[str, Attack], known: Mapping[str, object]) -> str:
    """The text of a kernel that makes some attacks.

    Args:
        attacks: By name.
        known: What it is told about the process that it attacks, by name.
    """
    told = "\n".join(f"{name} = {value!r}" for name, value in known.items())
    functions, table = [], []
    for number, (name, attack) in enumerate(attacks.items()):
        body = textwrap.indent(textwrap.dedent(attack.text).strip(), "    ")
        functions.append(f"def attack_{number}():\n{body}\n")
        table.append(f"    {name!r}: attack_{number},")
    parts = [PRELUDE, told, *functions, "ATTACKS = {", *table, "}", _KERNEL]
    return "\n".join(parts)


_OTHERS = ("landlock", "namespaces")
"""What keeps a worker out of the process that judges."""

_NUMBERS = ("namespaces",)
"""What keeps its number from a worker."""

MEMORY = {
    "write its memory": Attack(text='return opened(f"/proc/{GRADER}/mem")', held_by=_OTHERS),
    "read its memory": Attack(text='return opened(f"/proc/{GRADER}/mem", "rb")', held_by=_OTHERS),
    "read its maps": Attack(text='return open(f"/proc/{GRADER}/maps").read(100)', held_by=_OTHERS),
    "read its environment": Attack(
        text='return open(f"/proc/{GRADER}/environ", "rb").read(100)', held_by=_OTHERS
    ),
    "ptrace attach": Attack(text="return call(LIBC.ptrace(16, GRADER, 0, 0))", held_by=_OTHERS),
    "ptrace seize": Attack(text="return call(LIBC.ptrace(0x4206, GRADER, 0, 0))", held_by=_OTHERS),
    "process_vm_writev": Attack(
        text="""
            class Span(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
            own = ctypes.create_string_buffer(8)
            here, there = Span(ctypes.addressof(own), 8), Span(ADDRESS, 8)
            call(LIBC.process_vm_writev(
                GRADER, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
            return "its memory"
        """,
        held_by=_OTHERS,
    ),
    "process_vm_readv": Attack(
        text="""
            class Span(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
            own = ctypes.create_string_buffer(8)
            here, there = Span(ctypes.addressof(own), 8), Span(ADDRESS, 8)
            call(LIBC.process_vm_readv(
                GRADER, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
            return own.raw
        """,
        held_by=_OTHERS,
    ),
    "take its files": Attack(
        text="""
            handle = os.pidfd_open(GRADER)
            return call(LIBC.syscall(438, handle, 1, 0))
        """,
        held_by=_OTHERS,
    ),
    "its keeper's memory": Attack(
        text='return opened(f"/proc/{os.getppid()}/mem")', held_by=_OTHERS
    ),
    "the first memory of all": Attack(text='return opened("/dev/mem")', held_by=("landlock",)),
}
"""What looks for the memory of the process that judges, or writes to it."""

SIGNALS = {
    "signal it": Attack(
        text="os.kill(GRADER, 0); return 'a signal'", held_by=("landlock", "namespaces")
    ),
    "signal its group": Attack(
        text="os.killpg(os.getpgid(GRADER), 0); return 'a signal'",
        held_by=("landlock", "namespaces"),
    ),
    "signal its keeper": Attack(
        text="""
            for number in os.listdir("/proc"):
                if number.isdigit() and int(number) != os.getpid():
                    try:
                        if b"shield.launch" in Path("/proc", number, "cmdline").read_bytes():
                            os.kill(int(number), 0)
                            if int(number) != 1:
                                return number
                    except OSError:
                        continue
        """,
        held_by=("landlock",),
    ),
    "renice it": Attack(
        text="os.setpriority(os.PRIO_PROCESS, GRADER, 1); return 'its priority'", held_by=_NUMBERS
    ),
    "limit it": Attack(
        text="import resource; return resource.prlimit(GRADER, resource.RLIMIT_NOFILE)",
        held_by=_NUMBERS,
    ),
    "move it to one CPU": Attack(
        text="os.sched_setaffinity(GRADER, os.sched_getaffinity(0)); return 'its CPUs'",
        held_by=_NUMBERS,
    ),
    "call on an abstract socket": Attack(
        text="""
            with socket.socket(socket.AF_UNIX) as one:
                one.connect("\\0" + SOCKET)
                return SOCKET
        """,
        held_by=("landlock",),
    ),
}
"""What would stop it, slow it, end it or call on it."""

ANSWERS = {
    "conformance.expected": Attack(
        text="import conformance; return conformance.expected(1)", held_by=("imports",)
    ),
    "from conformance import load": Attack(
        text="from conformance import load; return load(CASE)", held_by=("imports",)
    ),
    "import the oracle": Attack(
        text="""
            from conformance.oracle.expected import expected
            return expected(1)
        """,
        held_by=("imports",),
    ),
    "import_module": Attack(
        text="""
            return importlib.import_module('conformance.cases.golden').load([CASE])
        """,
        held_by=("imports",),
    ),
    "import faults": Attack(
        text="""
            return importlib.import_module('conformance.faults.sheet').forward(1)
        """,
        held_by=("imports",),
    ),
    "import another's oracle": Attack(
        text="return importlib.import_module('conformance.tests.oracle.slowly').slowly(1)",
        held_by=("imports",),
    ),
    "import without the block": Attack(
        text="""
            sys.meta_path[:] = [f for f in sys.meta_path if "Block" not in type(f).__name__]
            return importlib.import_module("conformance.oracle.expected")
        """
    ),
    "spec by path": Attack(
        text="""
            file = Path(PACKAGE, "oracle", "exact.py")
            spec = importlib.util.spec_from_file_location("exact", file)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        """
    ),
    "execute its source": Attack(text='exec(source("oracle/exact.py"), {}); return "exact"'),
    "read its source": Attack(text='return source("oracle/expected.py")'),
    "read the cases": Attack(text='return source("cases/tiers.py")'),
    "read the judge": Attack(text='return source("verdict/ruler.py")'),
    "read compiled files": Attack(
        text="""
            for file in Path(PACKAGE, "oracle", "__pycache__").glob("*.pyc"):
                return file.read_bytes()
        """
    ),
    "another Python": Attack(
        text='return python("import conformance; print(conformance.expected)")'
    ),
    "another Python, by path": Attack(
        text="""
            return python(
                f"import sys; sys.path.insert(0, {os.path.dirname(PACKAGE)!r});"
                "import conformance.oracle.expected; print(1)"
            )
        """
    ),
    "read a golden file": Attack(text='return opened(GOLDEN, "rb")'),
    "map a golden file": Attack(
        text="""
            with open(GOLDEN, "rb") as stream:
                return mmap.mmap(stream.fileno(), 16, access=mmap.ACCESS_READ)[:16]
        """
    ),
    "golden file by h5py": Attack(text="import h5py; return h5py.File(GOLDEN)"),
    "golden file by a program": Attack(
        text='return subprocess.run(["/bin/cat", GOLDEN], capture_output=True).stdout[:9]'
    ),
    "golden file through its root": Attack(
        text='return opened(f"/proc/{GRADER}/root{GOLDEN}", "rb")'
    ),
    "golden file through its folder": Attack(
        text="""
            base = f"/proc/{GRADER}/cwd"
            return opened(os.path.join(base, os.path.relpath(GOLDEN, os.readlink(base))), "rb")
        """
    ),
    "golden file through the keeper's root": Attack(
        text='return opened(f"/proc/{os.getppid()}/root{GOLDEN}", "rb")'
    ),
    "golden file through our own root": Attack(
        text='return opened(f"/proc/self/root{GOLDEN}", "rb")'
    ),
    "open files of the grader": Attack(
        text="""
            for number in os.listdir(f"/proc/{GRADER}/fd"):
                return opened(f"/proc/{GRADER}/fd/{number}", "rb")
        """
    ),
    "golden file by a link": Attack(
        text="""
            link = os.path.join(tempfile.gettempdir(), "link")
            os.symlink(GOLDEN, link)
            return opened(link, "rb")
        """
    ),
    "golden file by a hard link": Attack(
        text="""
            link = os.path.join(tempfile.gettempdir(), "hard")
            os.link(GOLDEN, link)
            return opened(link, "rb")
        """
    ),
    "golden file by its number": Attack(
        text="""
            class Handle(ctypes.Structure):
                _fields_ = [
                    ("size", ctypes.c_uint), ("kind", ctypes.c_int), ("b", ctypes.c_char * 128)]
            handle, number = Handle(size=128), ctypes.c_int()
            call(LIBC.name_to_handle_at(
                -100, GOLDEN.encode(), ctypes.byref(handle), ctypes.byref(number), 0))
            there = os.open("/", os.O_RDONLY)
            got = LIBC.open_by_handle_at(there, ctypes.byref(handle), os.O_RDONLY)
            call(got)
            return os.read(got, 8)
        """
    ),
    "unmount what hides": Attack(
        text="call(LIBC.umount2(FIXTURES.encode(), 2)); return os.listdir(FIXTURES)"
    ),
    "unmount in a world of its own": Attack(
        text="""
            call(LIBC.unshare(0x10020000))
            call(LIBC.umount2(FIXTURES.encode(), 2))
            return opened(GOLDEN, "rb")
        """
    ),
    "mount over it": Attack(
        text="""
            call(LIBC.unshare(0x10020000))
            call(LIBC.mount(b"none", FIXTURES.encode(), b"tmpfs", 0, None))
            return FIXTURES
        """,
        held_by=("landlock",),
    ),
    "the disk itself": Attack(
        text="""
            for name in os.listdir("/dev"):
                if stat.S_ISBLK(os.stat(f"/dev/{name}").st_mode):
                    return opened(f"/dev/{name}", "rb")
        """,
        held_by=("landlock",),
    ),
    "objects of this process": Attack(
        text="""
            homes = ("oracle", "cases", "verdict", "faults")
            return [o for o in gc.get_objects() if getattr(type(o), "__module__", "").startswith(
                tuple(f"conformance.{home}" for home in homes))]
        """,
        held_by=("a process of its own",),
    ),
    "frames of this process": Attack(
        text="""
            frame, seen = sys._getframe(), []
            while frame:
                seen += [name for name in frame.f_locals if "expected" in name or "owed" in name]
                frame = frame.f_back
            return seen
        """,
        held_by=("a process of its own",),
    ),
    "modules of this process": Attack(
        text="""
            found = [n for n, m in sys.modules.items() if getattr(m, "__file__", None)]
            return [n for n in found if n.startswith(tuple(
                f"conformance.{home}" for home in ("oracle", "cases", "verdict", "faults")))]
        """,
        held_by=("a process of its own",),
    ),
    "files that it inherited": Attack(
        text="""
            found = []
            for number in os.listdir("/proc/self/fd"):
                try:
                    path = os.readlink(f"/proc/self/fd/{number}")
                except OSError:
                    continue
                if path.startswith("/") and path not in ("/dev/null",) and "/proc/" not in path:
                    found.append(path)
            return found
        """,
        held_by=("a process of its own",),
    ),
    "the case that it runs": Attack(
        text="""
            said = Path("/proc/self/cmdline").read_text() + repr(dict(os.environ))
            return CASE in said and CASE
        """,
        held_by=("a process of its own",),
    ),
}
"""What asks for the answers."""

FILES = {
    "edit a module": Attack(text='return opened(PACKAGE + "/checking/doctor/examine.py")'),
    "edit the worker": Attack(text='return opened(PACKAGE + "/harness/worker.py")'),
    "plant a module": Attack(text='return planted(PACKAGE + "/harness/planted.py")'),
    "plant a compiled module": Attack(
        text='return planted(PACKAGE + "/__pycache__/planted.cpython-311.pyc")'
    ),
    "edit a golden file": Attack(text="return opened(GOLDEN)"),
    "empty a golden file": Attack(text="os.truncate(GOLDEN, os.path.getsize(GOLDEN)); return 1"),
    "plant a golden file": Attack(text='return planted(FIXTURES + "/planted.h5")'),
    "edit an adapter": Attack(text="return opened(ADAPTER)"),
    "plant sitecustomize": Attack(text='return planted(INSTALLED + "/sitecustomize_planted.py")'),
    "plant a .pth file": Attack(text='return planted(INSTALLED + "/planted.pth")'),
    "plant beside the standard library": Attack(
        text='return planted(os.path.dirname(os.__file__) + "/planted.py")'
    ),
    "edit its own file": Attack(text="return opened(__file__)"),
    "plant beside itself": Attack(
        text='return planted(os.path.join(os.path.dirname(os.path.abspath(__file__)), "p.py"))'
    ),
    "edit the report": Attack(text="return opened(REPORT)"),
    "remove the report": Attack(text="os.unlink(REPORT); return REPORT"),
    "replace the report": Attack(text="os.rename(REPORT, REPORT + '~'); return REPORT"),
    "plant in the home folder": Attack(
        text='return planted(os.path.expanduser("~/.planted-by-a-kernel"))'
    ),
    "plant where it stands": Attack(text='return planted("planted-by-a-kernel")'),
    "plant in the common temporary folder": Attack(text='return planted(TMP + "/planted-by-a")'),
    "terminals": Attack(
        text="""
            for path in ("/dev/tty", *(f"/dev/pts/{n}" for n in os.listdir("/dev/pts"))):
                try:
                    return opened(path, "wb")
                except OSError:
                    continue
        """,
        held_by=("landlock",),
    ),
    "settings of the system": Attack(
        text='return opened("/proc/sys/kernel/core_pattern")',
    ),
    "control groups": Attack(
        text="""
            for root, _, files in os.walk("/sys/fs/cgroup"):
                for name in files:
                    if name == "cgroup.procs":
                        return opened(os.path.join(root, name), "r+")
        """
    ),
    "rights that it was born with": Attack(
        text="""
            lines = Path("/proc/self/status").read_text().splitlines()
            told = dict(line.split(":", 1) for line in lines)
            held = int(told["CapEff"], 16) | int(told["CapPrm"], 16)
            return (held & ~2) or int(told["NoNewPrivs"]) != 1
        """,
        held_by=("privileges",),
    ),
}
"""What writes where it would be believed."""

HARMLESS: dict[str, Attack] = {**MEMORY, **SIGNALS, **ANSWERS, **FILES}
"""What gets hold of nothing, and leaves a right kernel right."""
