"""``conformance sign``: vouch for a conformance statement with a key."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from conformance.atomic import require_writable
from conformance.checking import consistency, signing, statement
from conformance.commands.exits import CONFORMS, TOLD
from conformance.commands.extra import extra
from conformance.errors import RecordError

_EXAMPLE = f"""\
example:
  ssh-keygen -t ed25519 -f key                    # once; key.pub is what you publish
  conformance sign statement.json --key key
  conformance verify statement.json --signers key.pub

It signs what the statement says, and runs nothing. The kernel has no part in it: sign on another
machine, or later, so that no key lies where kernels run.

exit status: 0 signed, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``sign`` to the command line."""
    parser = subparsers.add_parser(
        "sign",
        help="vouch for a conformance statement with a key",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("statement", type=Path, metavar="FILE")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="KEY", help="a private Ed25519 key"
    )
    parser.add_argument(
        "--passphrase", action="store_true", help="ask for the passphrase that the key has"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign the statement, in its own file."""
    said = statement.read(args.statement)
    if wrong := [deviation.what for deviation in consistency.contradictions(said)]:
        raise RecordError(
            f"{args.statement} contradicts itself in {', '.join(wrong[:5])}; a true statement was "
            "wanted. Write one with: conformance check KERNEL --statement FILE"
        )
    require_writable(args.statement)
    secret = getpass.getpass("passphrase: ").encode() if args.passphrase else None
    with extra("sign"):
        signed = signing.sign(said, args.key, secret)
        words = signing.verify(signed).words
    statement.save(signed, args.statement)
    print(f"signed: {args.statement}: {words.removesuffix(', whose key was not given')}")
    return CONFORMS
