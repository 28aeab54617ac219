"""Who vouches for a statement: signatures with an Ed25519 key, made and verified by `cryptography`.

What is signed is the statement's own digest, so the signature covers every entry.  A key says who
signed only to somebody who knows whose key it is: without one to compare with, the verification
names the key and nobody.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import documents
from conformance.errors import InputError
from conformance.printable import cut

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

ED25519 = "ed25519"
SIGSTORE = "sigstore"

_LARGEST = 1 << 16
"""Bytes of a file of keys."""

_PREFIX = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"
"""How OpenSSH writes a public key before it takes a fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Who vouches for a statement.

    Attributes:
        holds: Whether a signature is there and is right.
        known: Whether it is by somebody whom the reader named.
        words: Who, in a sentence.
    """

    holds: bool
    known: bool
    words: str


def message(said: Mapping[str, Any]) -> bytes:
    """What is signed: the digest that covers every other entry."""
    return f"conformance statement\n{said['sha256']}".encode()


def sign(said: Mapping[str, Any], key: Path, passphrase: bytes | None = None) -> dict[str, Any]:
    """The statement with a signature, in place of one that it has.

    Args:
        said: The statement.
        key: A private Ed25519 key, as ssh-keygen or openssl write it.
        passphrase: What the key is locked with.

    Raises:
        InputError: it is no such key, or locked otherwise.
        ModuleNotFoundError: `cryptography` is not installed.
    """
    private = _private(key, passphrase)
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra

    raw = private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    value = private.sign(message(said))
    signature = {
        "kind": ED25519,
        "key": base64.b64encode(raw).decode(),
        "value": base64.b64encode(value).decode(),
    }
    return {**said, "signature": signature}


def verify(said: Mapping[str, Any], signers: Path | None = None) -> Vouched:
    """Who vouches for a statement.

    Args:
        said: The statement.
        signers: A file of public keys that the reader knows, one a line as OpenSSH writes them, or
            one in PEM.

    Raises:
        InputError: `signers` holds no key.
        ModuleNotFoundError: there is a signature, and `cryptography` is not installed.
    """
    known = {} if signers is None else dict(_public(signers))
    signature = said.get("signature")
    if signature is None:
        return Vouched(holds=False, known=False, words="nobody signed it")
    if signature["kind"] == SIGSTORE:
        words = "it is signed by Sigstore, which this version does not verify"
        return Vouched(holds=False, known=False, words=words)
    raw = base64.b64decode(signature["key"])
    if not _is_by(raw, base64.b64decode(signature["value"]), message(said)):
        return Vouched(holds=False, known=False, words=f"its signature is not by {_print(raw)}")
    if raw in known:
        words = f"signed by {cut(known[raw], 200)}, key {_print(raw)}"
        return Vouched(holds=True, known=True, words=words)
    whom = "whose key was not given" if signers is None else "who is none of those given"
    return Vouched(holds=True, known=False, words=f"signed by the key {_print(raw)}, {whom}")


def _is_by(raw: bytes, value: bytes, text: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(value, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _print(raw: bytes) -> str:
    """The fingerprint of a key, as ``ssh-keygen -l`` shows it."""
    found = hashlib.sha256(_PREFIX + raw).digest()
    return f"SHA256:{base64.b64encode(found).decode().rstrip('=')}"


def _private(file: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    content = _content(file)
    is_ssh = b"OPENSSH PRIVATE KEY" in content
    load = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
    try:
        found = load(content, passphrase)
    except TypeError as error:
        raise InputError(
            f"the key {file} is locked, or is not and a passphrase was given: {error}. "
            "Give the passphrase that it has, or none."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{file} is no private key that can be read: {error}. {_MAKE}") from error
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise InputError(f"{file} is a {type(found).__name__}, Ed25519 was wanted. {_MAKE}")
    return found


_MAKE = "Make one with: ssh-keygen -t ed25519 -f KEY"


def _public(file: Path) -> Iterator[tuple[bytes, str]]:
    """The keys of a file with the names that it gives them."""
    content = _content(file)
    lines = [content] if b"-----BEGIN" in content else content.splitlines()
    keys = [(_one_public(line), line) for line in lines if line.strip() and line[:1] != b"#"]
    if not keys:
        raise InputError(f"{file} holds no key, a public one was wanted. {_MAKE}")
    for key, line in keys:
        if key is None:
            raise InputError(
                f"{file} holds {cut(repr(line[:60]), 80)}, a public Ed25519 key was wanted, as "
                f"KEY.pub holds. {_MAKE}"
            )
        words = line.decode(errors="replace").split(maxsplit=2)
        is_ssh = words[0] == "ssh-ed25519" and len(words) > 2  # noqa: PLR2004 - a comment
        yield key, words[2].strip() if is_ssh else file.name


def _one_public(line: bytes) -> bytes | None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    is_pem = b"-----BEGIN" in line
    load: Any = serialization.load_pem_public_key if is_pem else serialization.load_ssh_public_key
    try:
        found = load(line)
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        return None
    if not isinstance(found, ed25519.Ed25519PublicKey):
        return None
    public: Ed25519PublicKey = found
    raw: bytes = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw


def _content(file: Path) -> bytes:
    try:
        return documents.read_bytes(file, _LARGEST)
    except ValueError as error:
        raise InputError(f"{file} cannot be read: {error}. A file of a key was wanted.") from error
