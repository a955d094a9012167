"""key: Ed25519 keys: making one, reading one, signing with one. The key is the user's and is never kept here.

A key's name in an envelope is its public part in hexadecimal, so that an envelope can be checked with nothing else at
hand; whether to trust it is for the reader to say.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Tuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from . import ReleaseError


class Signer:
    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.public = public_hex(private.public_key())
        self.crypto = CryptoSigner(private, SSlibKey.from_crypto(private.public_key(), keyid=self.public))

    def envelope(self, payload: bytes, payload_type: str) -> Dict[str, Any]:
        envelope = Envelope(payload, payload_type, {})
        envelope.sign(self.crypto)
        content: Dict[str, Any] = envelope.to_dict()
        return content


def public_hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def read_signer(path: Path) -> Signer:
    """The signer of a private key file: PKCS#8 in PEM, without a password."""
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ReleaseError(f"{path}: {error.strerror}") from None
    except TypeError:
        raise ReleaseError(f"{path}: the key is encrypted; decrypt it first (openssl pkey -in {path.name} -out FILE)") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ReleaseError(f"{path}: not a private key in PEM (PKCS#8); `python -m release key NAME` makes one") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ReleaseError(f"{path}: a private key, but not of Ed25519; `python -m release key NAME` makes one")
    return Signer(private)


def make_key(name: Path) -> Tuple[Path, Path, str]:
    """Write NAME.pem (private, for its owner alone) and NAME.pub.pem; nothing is ever overwritten."""
    private_path, public_path = Path(f"{name}.pem"), Path(f"{name}.pub.pem")
    if name.name in ("", ".."):
        raise ReleaseError(f"{name}: a key needs the name of a file")
    for path in (private_path, public_path):
        if path.exists() or path.is_symlink():
            raise ReleaseError(f"{path} is there already, and a key is never overwritten")
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_new(private_path, secret, 0o600)
    write_new(public_path, public, 0o644)
    return private_path, public_path, public_hex(private.public_key())


def write_new(path: Path, content: bytes, mode: int) -> None:
    """A new file, whole or not at all; its name is taken with the content already in it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        try:
            os.link(part, path)
        finally:
            part.unlink()
    except OSError as error:
        raise ReleaseError(f"{path}: {error.strerror}") from None
