"""A key takes another's place without an hour in which no door opens."""

import json
from pathlib import Path

import pytest

from kioskd.config.load import load
from kioskd.signing.ed25519 import Signer, SigningError, signer_at
from kioskd.verify import Door, Verifier, read_keys
from tests.support.commands import Said, kioskd
from tests.support.signed import ACTION, NOW, ONLINE, STATUS, TOPIC, signed


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        "site: hq\ndevice: k\nstate_dir: state\nmqtt: {broker: localhost}\n"
        "feeds: {f: {kind: usb, device: 0}}\n"
        "doors: {d: {mode: secure_access_rgb_liveness, feed: f}}\n"
    )
    return path


def keys(config: Path, *words: str) -> Said:
    return kioskd("keys", *words, "-c", config)


def exported(config: Path, *words: str) -> list[str]:
    said = keys(config, "export", *words)
    assert said.status == 0, said.err
    return [key["keyId"] for key in json.loads(said.out)["keys"]]


def listed(config: Path) -> list[list[str]]:
    return [line.split() for line in keys(config, "list").out.splitlines()]


def signer(config: Path) -> Signer:
    """By which the daemon signs when it starts."""
    return signer_at(config.parent / "state" / "signing.key")


def test_without_a_key_it_is_said_how_to_have_one(config: Path) -> None:
    for words in (("export",), ("list",), ("rotate",), ()):
        said = keys(config, *words)
        assert (said.status, said.out) == (1, "")
        assert "start kioskd once, or make one with create" in said.err
    assert not (config.parent / "state").exists()


def test_a_key_is_made_once_and_printed_as_controllers_keep_it(config: Path) -> None:
    assert keys(config, "create").status == 0
    again = keys(config, "create")
    assert again.status == 1
    assert "rotate" in again.err
    assert exported(config) == [signer(config).key_id]
    assert keys(config).out == keys(config, "export").out
    assert listed(config) == [[signer(config).key_id, "present"]]
    (only,) = (config.parent / "state").iterdir()
    assert only.stat().st_mode & 0o777 == 0o600


def test_a_rotation_has_two_keys_valid_and_ends_with_the_next(config: Path) -> None:
    keys(config, "create")
    first = signer(config).key_id
    assert keys(config, "rotate", "--now").status == 1
    assert keys(config, "rotate").status == 0
    assert signer(config).key_id == first
    one, other = exported(config)
    assert one == first
    keys(config, "rotate")  # asked once more: the same next key
    assert exported(config) == [first, other]
    assert keys(config, "rotate", "--now").status == 0
    assert signer(config).key_id == other
    assert exported(config) == [other]
    assert exported(config, "--all") == [other, first]
    assert listed(config) == [[other, "present"], [first, "before"]]
    names = {file.name for file in (config.parent / "state").iterdir()}
    assert names == {"signing.key", "signing.before.json"}
    assert b"PRIVATE" not in (config.parent / "state" / "signing.before.json").read_bytes()


def opens(trusted: Path, state: Path) -> bool:
    """Whether a controller that trusts these keys opens for a kiosk with that one."""
    from kioskd.signing.library import Ed25519PrivateKey, load_pem_private_key

    key = load_pem_private_key((state / "signing.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    door = Door(TOPIC, "rgbLiveness", "livenessConfirmed", read_keys(trusted.read_bytes()))
    verifier = Verifier(door)
    verifier.heard(STATUS, signed(STATUS, ONLINE, key), True, NOW)
    return verifier.heard(TOPIC, signed(TOPIC, ACTION, key), False, NOW).opens


def test_a_controller_that_was_given_both_opens_before_during_and_after(
    config: Path, tmp_path: Path
) -> None:
    trusted, given, state = tmp_path / "trusted.json", tmp_path / "given.json", tmp_path / "state"
    keys(config, "create")
    first = signer(config).key_id
    given.write_text(keys(config, "export").out)
    assert kioskd("keys", "trust", trusted, given).status == 0
    assert opens(trusted, state)
    keys(config, "rotate")
    assert opens(trusted, state)
    given.write_text(keys(config, "export").out)
    assert kioskd("keys", "trust", trusted, given).status == 0
    assert opens(trusted, state)
    keys(config, "rotate", "--now")
    assert opens(trusted, state)
    assert kioskd("keys", "trust", trusted, "--forget", first).status == 0
    assert opens(trusted, state)
    assert len(read_keys(trusted.read_bytes())) == 1


def test_a_controller_that_was_not_given_the_next_key_stays_shut(
    config: Path, tmp_path: Path
) -> None:
    trusted = tmp_path / "trusted.json"
    keys(config, "create")
    trusted.write_text(keys(config, "export").out)
    keys(config, "rotate")
    keys(config, "rotate", "--now")
    assert not opens(trusted, tmp_path / "state")


def test_what_holds_no_keys_or_would_leave_none_is_refused(config: Path, tmp_path: Path) -> None:
    keys(config, "create")
    trusted, odd = tmp_path / "trusted.json", tmp_path / "odd.json"
    trusted.write_text(keys(config, "export").out)
    before = trusted.read_bytes()
    odd.write_text("{}")
    only = signer(config).key_id
    for words, why in (
        ((trusted, odd), "kioskd keys"),
        ((trusted, tmp_path / "none"), "none"),
        ((trusted, "--forget", only), "no key would be left"),
        ((trusted, "--forget", "0000"), "0000"),
    ):
        said = kioskd("keys", "trust", *words)
        assert said.status == 1
        assert why in said.err
        assert trusted.read_bytes() == before


def test_a_list_of_earlier_keys_that_is_none_is_named(config: Path, tmp_path: Path) -> None:
    keys(config, "create")
    (tmp_path / "state" / "signing.before.json").write_text("[]")
    said = keys(config, "list")
    assert said.status == 1
    assert "signing.before.json" in said.err


def test_as_a_credential_the_key_is_never_in_the_state_folder(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials, state = tmp_path / "credentials", tmp_path / "state"
    assert keys(config, "create", "--file", str(credentials / "signing.key")).status == 0
    assert keys(config, "list").status == 1  # nobody says where it is
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    first = signer_at(load(config).signing_key).key_id
    assert exported(config) == [first]
    (credentials / "signing.key").chmod(0o440)  # as systemd's access list for the service shows
    assert exported(config) == [first]
    (credentials / "signing.key").chmod(0o444)
    assert "others may read" in keys(config, "export").err
    (credentials / "signing.key").chmod(0o400)
    keys(config, "rotate")
    assert keys(config, "rotate", "--now").status == 0
    assert signer_at(load(config).signing_key).key_id != first
    assert [file.name for file in state.iterdir()] == ["signing.before.json"]


def test_a_key_file_that_is_missing_is_said_and_no_other_key_is_made(
    config: Path, tmp_path: Path
) -> None:
    config.write_text(f"{config.read_text()}signing: {{key_file: own.key}}\n")
    said = kioskd("check", "-c", config)
    assert said.status == 0
    assert "signing.key_file: no such file: `kioskd keys create` makes the key" in said.out
    own = load(config).signing_key
    with pytest.raises(SigningError, match=r"own\.key"):
        signer_at(own, makes=False)
    assert not own.exists()
    assert keys(config, "create").status == 0
    assert exported(config) == [signer_at(own, makes=False).key_id]
    own.chmod(0o440)
    assert "others may read" in keys(config, "export").err
    assert not (tmp_path / "state").exists()
