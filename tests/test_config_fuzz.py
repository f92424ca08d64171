"""Whatever stands in the file, check ends in 0 or 2 with sentences, and no secret in them."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kioskd.commands.check import checked
from kioskd.config.config_keys import schema
from kioskd.config.keys import Key, walk
from kioskd.config.load import ConfigError, check, load
from kioskd.config.yaml_document import Path as KeyPath
from kioskd.config.yaml_document import dotted

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = (ROOT / "config.yaml").read_text(encoding="utf-8")
SHORT = "\n".join(  # the example without its comments: every random edit then hits something
    line.partition("  #")[0] for line in EXAMPLE.splitlines() if line.strip()[:1] not in ("#", "")
)
LINE = re.compile(r"[^\n]*config\.yaml(:\d+:\d+)?: [^\n]+")


def outcome(source: str | bytes) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.yaml")
        path.write_bytes(source if isinstance(source, bytes) else source.encode("utf-8", "replace"))
        status, lines = checked(path)
        assert status == (2 if refused(path) else 0)
        return status, lines


def refused(path: Path) -> str:
    """What loading says against the file, "" if it is loaded."""
    try:
        load(path)
    except ConfigError as error:
        return str(error)
    return ""


def assert_well_behaved(source: str | bytes) -> None:
    status, lines = outcome(source)
    assert status in (0, 2)
    for line in lines:
        assert LINE.fullmatch(line), line
        assert "pydantic" not in line
        assert "Traceback" not in line


YAML_PARTS = st.sampled_from(
    (
        *("\n", "  ", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "'", '"', "# ", "|", ">", "!"),
        *("null", "true", "on", "1e3", "012", "-1", "1e999", "12:30", "${X}", "://", "@", "%"),
        *("feeds", "doors", "kind", "mqtt", "tls", "gate", "front-door", "rtsp", "usb", "site"),
        *("\t", "\0", "é", "\u2028", "\ufeff"),
    )
)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300) | st.text(max_size=300) | st.lists(YAML_PARTS).map("".join))
def test_any_text_ends_in_sentences(source: str | bytes) -> None:
    assert_well_behaved(source)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_the_example_with_random_edits_ends_in_sentences(data: st.DataObject) -> None:
    text = SHORT
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 30))
        part = data.draw(YAML_PARTS | st.text(max_size=5))
        text = text[:start] + part + text[start + length :]
    assert_well_behaved(text)


VALUES = st.sampled_from(
    (
        *("", "null", "true", "on", "0", "-1", "99999999999", "1e3", "0.5", ".nan", "12:30", "'x'"),
        *("[]", "[1, [2]]", "{}", "{a: 1}", "{kind: usb}", "front-door", "${X}", "~", "'': 1"),
    )
)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_value_at_any_key_ends_in_sentences(data: st.DataObject) -> None:
    lines = SHORT.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        key = lines[number].partition(":")[0]
        lines[number] = f"{key}: {data.draw(VALUES)}"
    assert_well_behaved("\n".join(lines))


NUMBERS = [
    pytest.param(path, key, id=dotted(path))
    for path, kind, key in walk()
    if key.type in ("integer", "number") and kind in ("", "file")
]


@pytest.mark.parametrize(("path", "key"), NUMBERS)
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_a_number_out_of_range_is_named_with_its_key(
    path: KeyPath, key: Key, data: st.DataObject
) -> None:
    low, high = key.shape["minimum"], key.shape["maximum"]
    below = st.integers(-(10**9), int(low) - 1)
    above = st.integers(int(high) + 1, 10**9)
    number = data.draw(below | above)
    names = {"feeds": "front-door", "doors": "main"}
    steps = [names[str(path[0])] if step == "NAME" else str(step) for step in path]
    text, at = _with(steps, str(number))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.yaml")
        file.write_text(text)
        said = [p for p in check(file) if p.path == ".".join(steps)]
    assert [(p.line, p.weight) for p in said] == [(at, "error")]
    assert said[0].text.startswith(f"must be {key.expects} (found {number})")


def _with(steps: list[str], value: str) -> tuple[str, int]:
    """The short example with one key set to `value`, and the line where it then stands."""
    lines = SHORT.splitlines()
    start = 0
    for depth, step in enumerate(steps[:-1]):
        start = next(i for i in range(start, len(lines)) if lines[i] == "  " * depth + f"{step}:")
    indent = "  " * (len(steps) - 1)
    key = f"{indent}{steps[-1]}:"
    for number in range(start + 1, len(lines)):
        if lines[number].startswith(key):
            lines[number] = f"{key} {value}"
            return "\n".join(lines), number + 1
        if not lines[number].startswith(indent):
            break
    lines.insert(start + 1, f"{key} {value}")
    return "\n".join(lines), start + 2


SECRET = "hunter2hunter2"
HIDING_PLACES = [
    "mqtt: {broker: localhost, username: u, password: hunter2hunter2}",
    "mqtt: {broker: localhost, password: hunter2hunter2}",
    "mqtt: {broker: localhost, password: [hunter2hunter2]}",
    "mqtt: {broker: localhost, password: {a: hunter2hunter2}}",
    "mqtt: {broker: localhost, password:hunter2hunter2}",
    "mqtt: {broker: localhost, pasword: hunter2hunter2}",
    "mqtt: {broker: localhost, tls: hunter2hunter2}",
    "mqtt: {broker: 'mqtt://u:hunter2hunter2@host'}",
    "mqtt: {broker: 'u:hunter2hunter2@host'}",
    "mqtt: password=hunter2hunter2",
    "mqtt: {broker: localhost, password: !hunter2hunter2}",
    "mqtt: {broker: localhost, password: *hunter2hunter2}",
    "mqtt: {broker: localhost, password: 'hunter2hunter2",
    "mqtt: {broker: localhost, password: '${hunter2hunter2'}",
    "mqtt: {broker: localhost, username: u, password: '${SECRET}', port: x}",
    "feeds: {f: {kind: rtsp, url: 'rtsp://u:hunter2hunter2@h/x'}}",
    "feeds: {f: {kind: rtsp, url: 'http://u:hunter2hunter2@h/x'}}",
    "feeds: {f: {kind: rtsp, url: 'hunter2hunter2://x'}}",
    "feeds: {f: {kind: rtsp, url: 'rtsp://u:hunter2hunter2/@h:x'}}",
    "feeds: {f: {kind: rtsp, url: 'rtsp://u:hunter2hunter2@[h'}}",
    "feeds: {f: {kind: rtsp, url: [hunter2hunter2]}}",
    "feeds: {f: {kind: rtps, url: hunter2hunter2}}",
    "feeds: {f: {kind: usb, url: 'rtsp://u:hunter2hunter2@h'}}",
    "feeds: {f: {kind: usb, device: 'rtsp://u:hunter2hunter2@h'}}",
    "feeds: {f: {kind: file, path: 'rtsp://u:hunter2hunter2@h'}}",
    "feeds: {'rtsp://u:hunter2hunter2@h': {kind: usb}}",
    "feeds: rtsp://u:hunter2hunter2@h",
    "feeds: {f: 'rtsp://u:hunter2hunter2@h'}",
    "rtsp://u:hunter2hunter2@h",
]


@pytest.mark.parametrize("text", HIDING_PLACES)
def test_no_message_shows_a_secret(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"site: hq\ndevice: k\n{text}\n")
    problems = check(path, {"SECRET": SECRET})
    assert problems
    assert "hunter2" not in "\n".join(map(str, problems))
    with pytest.raises(ConfigError) as caught:
        load(path, {"SECRET": SECRET})
    assert "hunter2" not in str(caught.value) + repr(caught.value)


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="'"), min_size=6)
)
def test_no_password_is_ever_shown_wherever_its_characters_break_the_address(word: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.yaml")
        path.write_text(
            "site: hq\ndevice: k\n"
            f"mqtt: {{broker: localhost, username: u, password: 'Q{word}'}}\n"
            f"feeds: {{f: {{kind: rtsp, url: 'rtsp://u:Q{word}@camera/live'}}}}\n"
            "doors: {d: {mode: secure_access_rgb_liveness, feed: f}}\n"
        )
        said = "\n".join(map(str, check(path, {})))
        assert f"Q{word}" not in said + refused(path)


def test_the_schema_marks_secrets_and_holds_none() -> None:
    mqtt = schema()["$defs"]["Mqtt"]["properties"]
    assert mqtt["password"]["anyOf"][0]["writeOnly"] is True
    assert schema()["$defs"]["RtspFeed"]["properties"]["url"]["writeOnly"] is True
