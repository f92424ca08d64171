"""The example, the schema and the documentation say what the settings say."""

import base64
import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from feeds.feed_settings import FileSource
from kioskd import __version__
from kioskd.commands.check import checked
from kioskd.config import reference
from kioskd.config.build import EMBEDDED_PORT
from kioskd.config.config_keys import schema
from kioskd.config.keys import Key, walk
from kioskd.config.load import check, load
from kioskd.config.reference import SCHEMA_FILE
from kioskd.config.strict_yaml import Document, read
from kioskd.config.yaml_document import Path as KeyPath
from kioskd.config.yaml_document import dotted
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_mode import MODE
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.perceive import PerceptionSettings
from models.schemes import SCHEMES
from tests.support.broker import make_certificates

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "config.yaml"
ELSEWHERE = set(reference.modes()) - {MODE}  # modes that the example does not show
ONE_FEED = """
site: hq
device: k
mqtt: {broker: localhost}
feeds: {front-door: {kind: realsense, serial: "821212060000"}}
doors: """
KEYS = list(walk())
HERE = [key for key in KEYS if key[1] not in ELSEWHERE]


def name(key: tuple[KeyPath, str, Key]) -> str:
    return f"{dotted(key[0])} {key[1]}".strip()


def switched_on() -> str:
    """The example with every key that stands behind a # in force."""
    return re.sub(r"^( *)#(?=[a-z])", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.M)


def places(document: Document, path: KeyPath, kind: str) -> Iterator[KeyPath]:
    """Where in the file a key stands: NAME is each feed of that kind, each door of that mode,
    each entry where there are no kinds."""
    if "NAME" not in path:
        yield path
        return
    at = path.index("NAME")
    entries: object = document.value
    for step in path[:at]:
        entries = entries.get(str(step), {}) if isinstance(entries, dict) else {}
    assert isinstance(entries, dict)
    for name, entry in entries.items():
        alike = isinstance(entry, dict) and kind in (entry.get("kind"), entry.get("mode"))
        if alike or not kind:
            yield (*path[:at], name, *path[at + 1 :])


@pytest.mark.parametrize(("path", "kind", "key"), HERE, ids=map(name, HERE))
def test_the_example_shows_every_key_with_its_unit_range_and_default(
    path: KeyPath, kind: str, key: Key
) -> None:
    document = read(switched_on(), "config.yaml")
    assert document.problems == ()
    kinds = ["file"] if path[-1] in RETRIES else [kind]  # shown once for all kinds
    found = [at for one in kinds for at in places(document, path, one) if document.node(at)]
    assert found, "the key does not stand in config.yaml"
    lines = switched_on().splitlines()
    line = document.key_mark(found[0]).line
    comment = lines[line - 1].partition("  # ")[2]
    if path[-1] == "detection_scheme":  # eight choices stand in the comment above
        assert set(re.findall(r"\w+_(?:uni|multi)modal", " ".join(lines[line - 4 : line - 1]))) == (
            set(SCHEMES)
        )
        comment = f"{key.expects}, {comment}"
    assert comment == key.facts


RETRIES = (
    *("stall_s", "hang_s", "open_s", "retry_first_s", "retry_most_s"),
    *("rotate", "mirror", "identity", "loops"),
)


def test_the_example_sets_each_key_to_its_default_but_for_the_demo() -> None:
    document = read(EXAMPLE.read_text(encoding="utf-8"), "config.yaml")
    changed = set()
    for path, kind, key in HERE:
        nodes = [document.node(at) for at in places(document, path, kind) if not key.required]
        changed |= {path[-1] for node in nodes if node and node.value != key.default}
    assert changed == {"repeat"}


def test_the_example_is_right_as_it_stands() -> None:
    status, (gate, end) = checked(EXAMPLE)
    assert (status, end) == (0, f"{EXAMPLE}: ok")
    assert gate.endswith("were measured to need; `gate.numbers: safr` asks SAFR's")


def test_the_example_runs_the_shipped_clip_with_the_embedded_broker() -> None:
    config = load(EXAMPLE)
    (door,) = config.doors
    assert isinstance(door.feed.source, FileSource)
    assert Path(door.feed.source.path).is_file()
    assert config.embedded
    assert (config.delivery.host, config.delivery.port) == ("127.0.0.1", EMBEDDED_PORT)
    assert config.delivery.protocol == "3.1.1"  # all that the embedded broker speaks
    assert (door.gate, door.mode) == (GateSettings(), RgbSettings())


def test_what_the_example_shows_behind_a_sharp_sign_would_be_right_too(tmp_path: Path) -> None:
    text = switched_on().replace("broker: embedded", "broker: broker.example.org")
    for file in ("password_file", "token_file", "added_networks"):
        text = text.replace(f"  {file}:", f"  #{file}:")
    for key in ("ca_file", "cert_file", "key_file"):
        text = text.replace(f"/etc/kioskd/{'kiosk' if key != 'ca_file' else 'ca'}.", "./x.")
    text = text.replace("/etc/kioskd/page.", "./x.")
    ours = make_certificates(tmp_path / "certificates")
    shutil.copy(ours.client, tmp_path / "x.pem")
    shutil.copy(ours.client_key, tmp_path / "x.key")
    for name in ("visitor.db3", "kioskd/demo/clips/live.mov"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    secrets = (
        "MQTT_PASSWORD",
        "FLEET_PASSWORD",
        "SIDE_DOOR_PASSWORD",
        "PAGE_TOKEN",
        "SCREEN_TOKEN",
    )
    known = {**dict.fromkeys(secrets, "x"), "FRONT_DESK_SECRET": "x" * 16}
    known |= dict.fromkeys(("PEOPLE_TOKEN", "INSPECT_TOKEN", "COMMANDS_TOKEN"), "x" * 16)
    known |= dict.fromkeys(("PEOPLE_KEY", "PEOPLE_OLD_KEY"), base64.b64encode(bytes(32)).decode())
    known |= {"ALARM_TOKEN": "x", "ALARM_URL": "https://alarms.example.org/"}
    problems = check(path, known)
    assert {(problem.weight, problem.path) for problem in problems} == {
        ("note", "feeds.front-door.path"),  # a trial
        ("note", "feeds.back-door"),  # no door uses them
        ("note", "feeds.side-door"),
        ("note", "feeds.garage"),
        ("note", "feeds.vault"),
        ("note", "layers.trust"),  # nobody has made these keys yet
        ("note", "signing.key_file"),
    }


def test_the_example_names_the_schema_that_ships() -> None:
    first = EXAMPLE.read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (ROOT / named).resolve() == SCHEMA_FILE
    assert SCHEMA_FILE.read_text(encoding="utf-8") == reference.schema_text()


def test_the_schema_is_valid_and_accepts_the_example() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    value = read(EXAMPLE.read_text(encoding="utf-8"), "config.yaml").value
    jsonschema.validate(value, schema())


@pytest.mark.parametrize(
    "edit",
    [("site: hq", "syte: hq"), ("keepalive_s: 10", "keepalive_s: 100"), ("loop", "forever")],
)
def test_the_schema_refuses_what_check_refuses(edit: tuple[str, str]) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace(*edit)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read(text, "config.yaml").value, schema())


@pytest.mark.parametrize(("path", "kind", "key"), KEYS, ids=map(name, KEYS))
def test_every_key_has_a_description(path: KeyPath, kind: str, key: Key) -> None:
    assert key.description.endswith(".")
    if key.type in ("number", "integer"):
        assert {"minimum", "maximum"} <= key.shape.keys()


def test_the_documentation_explains_every_key_as_the_settings_do() -> None:
    page = (ROOT / reference.DOCS).read_text(encoding="utf-8")
    assert reference.with_tables(page) == page
    for path, _, key in walk():
        assert f"| `{path[-1]}` | {key.facts} |" in page


@pytest.mark.parametrize("mode", reference.modes())
def test_a_mode_and_a_feed_are_a_whole_door_and_every_key_may_stand_at_its_default(
    mode: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.yaml"
    door = {"mode": mode, "feed": "front-door"}
    path.write_text(ONE_FEED + json.dumps({"main": door}))
    assert [each for each in check(path, {}) if "replayed video" not in each.text] == []
    bare = load(path, {}).doors
    path.write_text(ONE_FEED + json.dumps({"main": all_defaults(reference.modes()[mode]) | door}))
    assert load(path, {}).doors == bare


def all_defaults(section: Key) -> dict[str, object]:
    keys = section.keys.items()
    return {name: all_defaults(key) if key.is_section else key.default for name, key in keys}


def test_the_documentations_own_example_is_right(tmp_path: Path) -> None:
    page = (ROOT / reference.DOCS).read_text(encoding="utf-8")
    minimal, shared = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    path = tmp_path / "config.yaml"
    path.write_text(minimal)
    assert check(path, {"MQTT_PASSWORD": "x", "CAMERA_PASSWORD": "y"}) == ()
    feeds = "feeds: {left: {kind: usb, device: 0}, right: {kind: usb, device: 2}}\n"
    path.write_text(f"site: hq\ndevice: k\nmqtt: {{broker: localhost}}\n{feeds}{shared}")
    left, right = load(path).doors
    assert left.gate == right.gate == dataclasses.replace(GateSettings(), minimum_face_size_px=180)


def test_defaults_are_those_of_the_rooms(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "site: hq\ndevice: k\nmqtt: {broker: localhost}\nfeeds: {f: {kind: usb, device: 0}}\n"
        f"doors: {{d: {{mode: {MODE}, feed: f}}}}\n"
    )
    config = load(path, {})
    (door,) = config.doors
    assert config.delivery == DeliverySettings(
        "localhost",
        1883,
        "hq",
        "k",
        version=__version__,
        config_digest=config.digest,
        doors={"f": "d"},
        cameras=config.delivery.cameras,
    )
    assert list(config.delivery.cameras) == ["f"]
    assert config.perception.settings() == PerceptionSettings()
    assert (door.gate, door.mode) == (GateSettings(), RgbSettings())
    assert config.notes == ()
