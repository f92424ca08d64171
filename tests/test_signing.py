"""What is signed is taken, and nothing else: not a byte changed, no other key, no other form."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.signing.ed25519 import Signer, SigningError, opened, signer_at

SAID = {"id": "s-1", "result": {"livenessDecision": "realface"}, "text": "Grüße"}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signer_at(tmp_path_factory.mktemp("key") / "signing.key")


def trusted(signer: Signer) -> dict[str, str]:
    return {signer.key_id: signer.trust["publicKey"]}


def test_what_was_signed_is_read_by_whoever_trusts_the_key(signer: Signer) -> None:
    assert opened(signer.sign(SAID), trusted(signer)) == SAID


def test_the_key_is_kept_and_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    first = signer_at(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signer_at(path).public == first.public
    assert [file.name for file in tmp_path.iterdir()] == ["signing.key"]


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SigningError, match=r"signing\.key"):
        signer_at(path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    signer_at(path)
    path.chmod(0o644)
    with pytest.raises(SigningError, match="others may read"):
        signer_at(path)


def test_a_folder_in_the_place_of_the_key_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="is a folder"):
        signer_at(tmp_path)


def test_another_key_is_not_trusted(signer: Signer, tmp_path: Path) -> None:
    other = signer_at(tmp_path / "other.key")
    with pytest.raises(SigningError, match="not trusted"):
        opened(other.sign(SAID), trusted(signer))
    named = other.sign(SAID) | {"keyId": signer.key_id}
    with pytest.raises(SigningError, match="does not fit"):
        opened(named, trusted(signer))


def test_a_payload_that_was_changed_is_told(signer: Signer) -> None:
    signed = signer.sign(SAID)
    other = json.dumps({**SAID, "id": "s-2"}).encode()
    with pytest.raises(SigningError, match="does not fit"):
        opened(signed | {"payload": base64.b64encode(other).decode()}, trusted(signer))


@given(st.integers(0, 10_000), st.integers(1, 255), st.sampled_from(("payload", "signature")))
def test_no_changed_bit_passes(signer: Signer, at: int, change: int, part: str) -> None:
    signed = signer.sign(SAID)
    content = bytearray(base64.b64decode(signed[part]))
    content[at % len(content)] ^= change
    with pytest.raises(SigningError):
        opened(signed | {part: base64.b64encode(content).decode()}, trusted(signer))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_else_comes_is_refused(signer: Signer, said: Any) -> None:
    with pytest.raises(SigningError):
        opened(said, trusted(signer))
