"""What stands where a worker stands and says what it is told: ``puppet.py FOLDER``.

It needs nothing but the interpreter, so that it starts in hundredths of a second.  What it answers
to a call lies in ``FOLDER/message``, with a sign before it that says whether it then goes.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path

NUMBER = "f" * 32
"""Stands in a message for the number of the question."""

_FRAME = struct.Struct(">8sIQ")
DESCRIPTION = {
    "status": "ok",
    "answers": "describe",
    "arrays": [],
    "name": "puppet",
    "versions": {"puppet": "1"},
    "device": "cpu",
    "paths": [
        {
            "name": "say",
            "about": "",
            "dialect": {
                "running_var": "unbiased",
                "eps": "inside",
                "momentum": "new",
                "saves": "inv_std",
                "layout": "any",
            },
            "switches": {},
            "sample": None,
            "sample_reason": "",
        }
    ],
    "reproduces": False,
    "traits": {},
    "facts": {},
}


def read(count: int) -> bytes:
    """As many bytes of the question, or the end of it all."""
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit()
        data += more
    return data


def write(data: bytes) -> None:
    """Answer."""
    while data:
        data = data[os.write(1, data) :]


def main() -> None:
    """Answer until there are no more questions."""
    while True:
        _, length, size = _FRAME.unpack(read(_FRAME.size))
        asked = json.loads(read(length))
        read(size)
        if asked["do"] == "describe":
            text = json.dumps({**DESCRIPTION, "number": asked["number"]}).encode()
            write(_FRAME.pack(b"batchnrm", len(text), 0) + text)
            continue
        told = Path(sys.argv[1], "message").read_bytes()
        write(told[1:].replace(NUMBER.encode(), asked["number"].encode()))
        if told[:1] == b"x":
            return


if __name__ == "__main__":
    main()
