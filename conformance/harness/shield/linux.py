"""The few calls of Linux that the standard library of Python 3.11 has no function for.

They are made through ctypes, since no library for them is kept well enough to be depended on: the
one for Landlock has no release.  Each raises OSError with the system's own words.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

CLONE_NEWNS, CLONE_NEWIPC = 0x00020000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID = 0x10000000, 0x20000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_RDONLY, MS_BIND, MS_REC, MS_PRIVATE = 1, 4096, 16384, 1 << 18

CAP_DAC_OVERRIDE = 1
_LAST_CAPABILITY = 63
_CAPABILITIES_VERSION_3 = 0x20080522

_MOUNT_SETATTR = 442  # the numbers of new calls are the same on every architecture
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_RULE_PATH_BENEATH, _RULESET_VERSION = 1, 1


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@cache
def _c() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _syscall(number: int, *arguments: object) -> int:
    return _done(_c().syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, value: int = 0) -> int:
    """``prctl(option, value, 0, 0, 0)``."""
    zero = ctypes.c_ulong(0)
    return _done(_c().prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def unshare(flags: int) -> None:
    """Part from the namespaces that `flags` name."""
    _done(_c().unshare(flags))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """``mount(source, target, kind, flags, data)``."""
    words = (os.fsencode(source), os.fsencode(target), kind.encode())
    _done(_c().mount(*words, ctypes.c_ulong(flags), data.encode() or None))


def make_read_only(path: str, *, but_not: bool = False) -> None:
    """Make a mount, and all that is mounted below it, read-only; or writable again."""
    attributes = _MountAttributes()
    if but_not:
        attributes.attr_clr = MS_RDONLY
    else:
        attributes.attr_set = MS_RDONLY
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    where, how = ctypes.c_int(_AT_FDCWD), ctypes.c_uint(_AT_RECURSIVE)
    _syscall(_MOUNT_SETATTR, where, os.fsencode(path), how, ctypes.byref(attributes), size)


def drop_capabilities(keep: tuple[int, ...] = ()) -> None:
    """Give up every capability but those of `keep`, for good and for whatever is executed."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(_LAST_CAPABILITY + 1):
        if number not in keep:
            try:
                prctl(PR_CAPBSET_DROP, number)
            except OSError:  # there are no more, or it may drop none and has none
                break
    header = _CapabilityHeader(version=_CAPABILITIES_VERSION_3, pid=0)
    sets = (_CapabilitySets * 2)()
    _done(_c().capget(ctypes.byref(header), sets))
    kept = sum(1 << number for number in keep)
    for half in (0, 1):
        mask = (kept >> (32 * half)) & 0xFFFFFFFF
        sets[half].effective &= mask
        sets[half].permitted &= mask
        sets[half].inheritable = 0
    _done(_c().capset(ctypes.byref(header), sets))


def landlock_abi() -> int:
    """Which version of Landlock there is; raises where there is none."""
    nothing, zero = ctypes.c_void_p(None), ctypes.c_size_t(0)
    return _syscall(_LANDLOCK_CREATE_RULESET, nothing, zero, ctypes.c_uint32(_RULESET_VERSION))


def landlock_ruleset(handled: int, scoped: int) -> int:
    """A new set of rules, as a file descriptor."""
    rules = _Ruleset(handled_access_fs=handled, scoped=scoped)
    # Older systems know fewer fields, and refuse those that they do not know unless they are 0.
    size = ctypes.c_size_t(ctypes.sizeof(rules))
    return _syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(rules), size, ctypes.c_uint32(0))


def landlock_allow(ruleset: int, path: int, access: int) -> None:
    """Allow something beneath an open path."""
    rule = _PathBeneath(allowed_access=access, parent_fd=path)
    where, none = ctypes.c_int(ruleset), ctypes.c_uint32(0)
    kind = ctypes.c_int(_RULE_PATH_BENEATH)
    _syscall(_LANDLOCK_ADD_RULE, where, kind, ctypes.byref(rule), none)


def landlock_enforce(ruleset: int) -> None:
    """Hold this thread, and all that it starts, to the rules; there is no way back."""
    _syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
