"""Who vouches: keys as ssh-keygen and openssl write them, and every way to be wrong about it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from conformance.checking import signing, statement
from conformance.cli import main
from conformance.errors import InputError
from conformance.tests.checking.kernels import RIGHT


@pytest.fixture
def stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a kernel, its statement, and two keys: mine and another's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(RIGHT)
    words = ["--case", "dense/train-float32", "--no-fresh", "--quiet"]
    assert main(["check", "k.py", "--statement", "s.json", *words]) == 0
    for name in ("mine", "other"):
        make_key(tmp_path / name)
    return tmp_path


def make_key(file: Path, passphrase: bytes | None = None) -> None:
    """A key pair as ``ssh-keygen -t ed25519`` writes it, with a comment."""
    key = ed25519.Ed25519PrivateKey.generate()
    lock = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase)
    )
    form = (
        serialization.PrivateFormat.OpenSSH
        if passphrase is None
        else serialization.PrivateFormat.PKCS8
    )
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, lock))
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    file.with_suffix(".pub").write_bytes(public + f" {file.name}@example\n".encode())


def test_a_signed_statement_names_who_vouched(
    stated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that the reader knows is named in the verdict; a fingerprint stands there always."""
    assert main(["sign", "s.json", "--key", "mine"]) == 0
    assert "SHA256:" in capsys.readouterr().out
    assert main(["verify", "s.json", "--signers", "mine.pub"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("VOUCHED FOR, NOT RUN: ")
    assert "signed by mine@example, key SHA256:" in out
    assert "nothing was run" in out
    assert main(["verify", "s.json"]) == 2
    out = capsys.readouterr().out
    assert "signed by the key SHA256:" in out
    assert "whose key was not given" in out
    assert main(["verify", "s.json", "k.py", "--signers", "mine.pub"]) == 0
    assert capsys.readouterr().out.startswith("HOLDS: ")
    assert stated.is_dir()


def test_nobody_signed_is_said(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A statement without a signature does not hold for a reader who wants one, and is not run."""
    (stated / "k.py").write_text("open('canary', 'w').close()\n" + RIGHT)
    capsys.readouterr()
    assert main(["verify", "s.json", "--signers", "mine.pub"]) == 1
    assert "nobody signed it" in capsys.readouterr().out
    assert main(["verify", "s.json", "k.py", "--signers", "mine.pub"]) == 1
    assert "nothing was run" in capsys.readouterr().out
    assert not (stated / "canary").exists()


def test_a_strangers_signature_does_not_hold(
    stated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A right signature by a key that the reader did not name vouches for nothing."""
    main(["sign", "s.json", "--key", "other"])
    assert main(["verify", "s.json", "--signers", "mine.pub"]) == 1
    assert "who is none of those given" in capsys.readouterr().out
    both = (
        (stated / "mine.pub").read_text() + "# a comment\n\n" + (stated / "other.pub").read_text()
    )
    (stated / "both.pub").write_text(both)
    assert main(["verify", "s.json", "--signers", "both.pub"]) == 0
    assert "signed by other@example" in capsys.readouterr().out


Forgery = Callable[[dict[str, Any]], None]


def _resealed(said: dict[str, Any]) -> None:
    said["grade"], said["notes"] = said["grade"], ["all is well"]
    kept = {name: value for name, value in said.items() if name not in statement.APART}
    said["sha256"] = statement.digest(kept)


def _of_another_key(said: dict[str, Any]) -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    said["signature"]["key"] = base64.b64encode(raw).decode()


def _flipped(said: dict[str, Any]) -> None:
    value = said["signature"]["value"]
    said["signature"]["value"] = ("B" if value[0] == "A" else "A") + value[1:]


def _of_order_one(said: dict[str, Any]) -> None:
    zero = base64.b64encode(b"\x01" + bytes(31)).decode()
    said["signature"] = {
        "kind": "ed25519",
        "key": zero,
        "value": base64.b64encode(b"\x01" + bytes(63)).decode(),
    }


def _sigstore(said: dict[str, Any]) -> None:
    said["signature"] = {"kind": "sigstore", "bundle": "{}"}


@pytest.mark.parametrize("forge", [_resealed, _of_another_key, _flipped, _of_order_one, _sigstore])
def test_a_forged_signature_never_vouches(
    stated: Path, forge: Forgery, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed statement, key or signature does not hold, with and without a kernel."""
    main(["sign", "s.json", "--key", "mine"])
    said = json.loads((stated / "s.json").read_text())
    forge(said)
    (stated / "s.json").write_text(json.dumps(said))
    capsys.readouterr()
    for more in ([], ["k.py"]):
        assert main(["verify", "s.json", *more, "--signers", "mine.pub"]) == 1
        assert capsys.readouterr().out.startswith("DOES NOT HOLD: ")


def test_a_key_may_be_locked(stated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase is asked for and never an argument; a wrong one is told."""
    make_key(stated / "locked", b"open sesame")
    assert main(["sign", "s.json", "--key", "locked"]) == 2
    monkeypatch.setattr("getpass.getpass", lambda _: "wrong")
    assert main(["sign", "s.json", "--key", "locked", "--passphrase"]) == 2
    monkeypatch.setattr("getpass.getpass", lambda _: "open sesame")
    assert main(["sign", "s.json", "--key", "locked", "--passphrase"]) == 0


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\x00", b"ssh-ed25519 AAAA me", b"# no"])
def test_what_is_no_key_is_refused(stated: Path, content: bytes) -> None:
    """A file that holds no key is told, on both sides, with how to make one."""
    file = stated / "none"
    file.write_bytes(content)
    said = statement.read(stated / "s.json")
    with pytest.raises(InputError, match="ssh-keygen -t ed25519"):
        signing.sign(said, file)
    with pytest.raises(InputError, match="ssh-keygen -t ed25519"):
        signing.verify(said, file)


def test_a_key_of_another_kind_is_refused(stated: Path) -> None:
    """Only Ed25519 is understood, and the message says what was given."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = stated / "ec"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(InputError, match="Ed25519 was wanted"):
        signing.sign(statement.read(stated / "s.json"), file)


def test_a_statement_that_contradicts_itself_is_not_signed(
    stated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody vouches by mistake for a count that its own results do not have."""
    said = json.loads((stated / "s.json").read_text())
    said["counts"]["pass"] = 3686
    kept = {name: value for name, value in said.items() if name not in statement.APART}
    said["sha256"] = statement.digest(kept)
    (stated / "s.json").write_text(json.dumps(said))
    assert main(["sign", "s.json", "--key", "mine"]) == 2
    assert "contradicts itself in counts" in capsys.readouterr().err
    assert "signature" not in json.loads((stated / "s.json").read_text())
