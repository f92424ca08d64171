"""What `kioskd check` says of a file: every mistake, at its line, in words one can act on."""

from pathlib import Path

import pytest

from kioskd.commands.check import checked
from kioskd.config import looser_limits, reference
from kioskd.config.keys import Key, listed, walk
from kioskd.config.load import ConfigError, check, load

GOOD = """\
site: hq
device: kiosk-1
mqtt:
  broker: localhost
feeds:
  front: {kind: rtsp, url: "rtsp://192.0.2.1/live"}
  back: {kind: usb, device: 0}
doors:
  main:
    mode: secure_access_rgb_liveness
    feed: front
  side:
    mode: secure_access_rgb_liveness
    feed: back
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Said":
    monkeypatch.chdir(tmp_path)
    for name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return Said()


class Said:
    """Writes a config.yaml and gives the lines that check says of it."""

    def __call__(self, text: str | bytes) -> list[str]:
        path = Path("config.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return [str(problem) for problem in check(path, {"PW": "p@ss/word"})]


def edited(*edits: tuple[str, str]) -> str:
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def with_mqtt(*lines: str) -> str:
    return edited(("  broker: localhost\n", "".join(f"  {line}\n" for line in lines)))


def with_rgb(*lines: str) -> str:
    keys = "".join(f"      {line}\n" for line in lines)
    return edited(("    feed: front\n", f"    feed: front\n    rgb_liveness:\n{keys}"))


def with_gate(*lines: str) -> str:
    keys = "".join(f"      {line}\n" for line in lines)
    return edited(("    feed: front\n", f"    feed: front\n    gate:\n{keys}"))


PROVEN = (
    "broker: broker.example.org",
    "tls: {}",
    "username: me",
    "password: ${PW}",
)


def with_recording(mqtt: tuple[str, ...], feed: str = "file, path: x.mov") -> str:
    """Feed back plays a recording; the test makes the file."""
    text = with_mqtt(*mqtt)
    assert text.count("usb, device: 0") == 1
    return text.replace("usb, device: 0", feed)


def test_a_good_file_has_no_problems(said: Said) -> None:
    assert said(GOOD) == []


NAME = "up to 40 lower-case letters, digits and hyphens, not a hyphen first"

MISTAKES = {
    "unknown key with a near name": (
        with_mqtt("broker: localhost", "keepalive: 10"),
        "5:3: mqtt.keepalive: is not a known key, did you mean 'keepalive_s'?",
    ),
    "unknown key at home elsewhere": (
        with_mqtt("broker: localhost", "hybrid_margin_below: 0.5"),
        "5:3: mqtt.hybrid_margin_below: is not a known key; it belongs under doors.NAME.gate",
    ),
    "unknown key unlike any": (
        edited(("kind: usb, device: 0", "kind: usb, device: 0, zzz: 1")),
        "7:32: feeds.back.zzz: is not a known key (known here: stall_s, hang_s, open_s,"
        " retry_first_s, retry_most_s, rotate, mirror, identity, loops, kind, device, width,"
        " height, fps, virtual)",
    ),
    "duplicate key": (
        GOOD + "site: hq\n",
        "15:1: site: duplicate key, already set on line 1",
    ),
    "port: on": (
        with_mqtt("broker: localhost", "port: on"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found on)",
    ),
    "port: 12:30": (
        with_mqtt("broker: localhost", "port: 12:30"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found 12:30)",
    ),
    "port: 1e3": (
        with_mqtt("broker: localhost", "port: 1e3"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found 1e3), did you mean '1000'?",
    ),
    "port: 01883": (
        with_mqtt("broker: localhost", "port: 01883"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found 01883),"
        " did you mean '1883'?",
    ),
    "port: true": (
        with_mqtt("broker: localhost", "port: true"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found true)",
    ),
    "port in quotes": (
        with_mqtt("broker: localhost", "port: '1883'"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found '1883');"
        " write it without quotes",
    ),
    "port out of range": (
        with_mqtt("broker: localhost", "port: 65536"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found 65536)",
    ),
    "a list for a number": (
        with_mqtt("broker: localhost", "port: [1883]"),
        "5:9: mqtt.port: must be a whole number from 1 to 65535 (found a list)",
    ),
    "nothing for a number": (
        with_mqtt("broker: localhost", "keepalive_s:"),
        "5:15: mqtt.keepalive_s: must be a whole number from 5 to 60 (found nothing)",
    ),
    "yes for a boolean": (
        with_mqtt("broker: localhost", "diagnostics: yes"),
        "5:16: mqtt.diagnostics: must be true or false (found yes), did you mean 'true'?",
    ),
    "an unquoted version": (
        with_mqtt("broker: localhost", "protocol: 5"),
        "5:13: mqtt.protocol: must be 5 or 3.1.1 (found 5); without quotes it is no text,"
        ' write "5"',
    ),
    "a number for text": (
        with_mqtt("broker: localhost", "username: 12"),
        '5:13: mqtt.username: must be text (found 12); without quotes it is no text, write "12"',
    ),
    "an address for a host": (
        with_mqtt("broker: mqtt://me:hunter2@broker"),
        "4:11: mqtt.broker: must be a host name or address, without mqtt:// and without a port"
        " (found an address)",
    ),
    "no multiple of 32": (
        GOOD + "perception: {detector_input_size: 333}\n",
        "15:35: perception.detector_input_size: must be a whole number from 160 to 1280 and a"
        " multiple of 32 (found 333)",
    ),
    "a word that is not among the choices": (
        GOOD + "perception: {provider: gpu}\n",
        "15:24: perception.provider: must be auto, cpu or cuda (found gpu), did you mean 'cuda'?",
    ),
    "a section that is a word": (
        GOOD + "perception: cpu\n",
        "15:13: perception: must be a section of `key: value` lines (found text)",
    ),
    "a required key is missing": (
        edited(("site: hq\n", "")),
        f"1:1: site: is missing; it must be {NAME}",
    ),
    "a required section is missing": (
        edited(("mqtt:\n  broker: localhost\n", "")),
        "1:1: mqtt: is missing; it must be a section of `key: value` lines",
    ),
    "a section without its required key": (
        edited(("  broker: localhost\n", "")),
        "3:1: mqtt.broker: is missing; it must be a host name or address, without mqtt:// and"
        " without a port",
    ),
    "a name in capitals": (
        edited(("site: hq", "site: HQ")),
        f"1:7: site: must be {NAME} (found HQ), did you mean 'hq'?",
    ),
    "a feed's name": (
        edited(("  back: {", "  Back_1: {"), ("feed: back", "feed: Back_1")),
        f"7:3: feeds.Back_1: the name must be {NAME}, did you mean 'back-1'?\n"
        f"14:11: doors.side.feed: must be {NAME} (found Back_1), did you mean 'back-1'?",
    ),
    "no kind": (
        edited(("kind: usb, ", "")),
        "7:3: feeds.back.kind: is missing; it must be file, http, realsense, rtsp or usb",
    ),
    "an unknown kind": (
        edited(("kind: usb", "kind: ubs")),
        "7:16: feeds.back.kind: must be file, http, realsense, rtsp or usb (found ubs), did you"
        " mean 'usb'?",
    ),
    "a key of another kind": (
        edited(("kind: usb, device: 0", "kind: usb, device: 0, transport: udp")),
        "7:32: feeds.back.transport: is not a known key; it belongs under feeds.NAME of kind rtsp",
    ),
    "a device that is neither path nor index": (
        edited(("device: 0", "device: 0.5")),
        "7:29: feeds.back.device: must be a path such as /dev/video0, or an index from 0 to 63"
        " (found 0.5)",
    ),
    "feeds and doors without an entry": (
        "site: hq\ndevice: k\nmqtt: {broker: localhost}\nfeeds: {}\ndoors: {}\n",
        "4:1: feeds: must hold at least one entry (found none)\n"
        "5:1: doors: must hold at least one entry (found none)",
    ),
    "an unknown mode": (
        edited(("mode: secure_access_rgb_liveness\n    feed: back", "mode: smile\n    feed: back")),
        f"13:11: doors.side.mode: must be {listed(tuple(reference.modes()), 'or')} (found smile),"
        " did you mean 'secure_access_smile'?",
    ),
    "a key of another mode": (
        edited(
            (
                "mode: secure_access_rgb_liveness\n    feed: back",
                "mode: secure_access_smile\n    feed: back\n    profile_pose: {}",
            )
        ),
        "15:5: doors.side.profile_pose: is not a known key (known here: feed, arm, opens_to,"
        " one_person, pause_s, hours, lockout, mode, gate, smile, rgb_liveness, liveness_3d)",
    ),
    "a smile that is hardly one": (
        edited(
            (
                "mode: secure_access_rgb_liveness\n    feed: back",
                "mode: secure_access_smile\n    feed: back\n    smile: {smile_threshold: 0.2}",
            )
        ),
        "15:30: note: doors.side.smile.smile_threshold: 0.2 lets more pass than the default, 0.6\n"
        "15:30: doors.side.smile.smile_threshold: must not be below neutral_threshold, which is 0.3"
        " (found 0.2)",
    ),
    "a door without a mode": (
        edited(("    mode: secure_access_rgb_liveness\n    feed: back", "    feed: back")),
        f"12:3: doors.side.mode: is missing; it must be {listed(tuple(reference.modes()), 'or')}",
    ),
    "an unknown scheme": (
        with_rgb("detection_scheme: hybrid"),
        "13:25: doors.main.rgb_liveness.detection_scheme: must be texture_unimodal,"
        " context_unimodal, hybrid_unimodal, context_multimodal, strict_multimodal,"
        " normal_multimodal, tolerant_multimodal or fused_multimodal (found hybrid),"
        " did you mean 'hybrid_unimodal'?",
    ),
    "fake above live": (
        with_rgb("liveness_detection_threshold: 0.6", "fake_detection_threshold: 0.7"),
        "14:33: doors.main.rgb_liveness.fake_detection_threshold: must not be above"
        " liveness_detection_threshold, which is 0.6 (found 0.7)",
    ),
    "live below the default fake": (
        with_rgb("liveness_detection_threshold: 0.35"),
        "13:37: note: doors.main.rgb_liveness.liveness_detection_threshold: 0.35 takes for life"
        " what is rather an attack; the default is 0.6\n"
        "13:37: doors.main.rgb_liveness.liveness_detection_threshold: must not be below"
        " fake_detection_threshold, which is 0.4 (found 0.35)",
    ),
    "preliminary above live": (
        with_rgb("minimum_preliminary_liveness_threshold: 0.61"),
        "13:47: doors.main.rgb_liveness.minimum_preliminary_liveness_threshold: must not be above"
        " liveness_detection_threshold, which is 0.6 (found 0.61)",
    ),
    "a count for the ratio": (
        with_rgb("minimum_confirmations_required: 6"),
        "13:39: doors.main.rgb_liveness.minimum_confirmations_required: must be a number from"
        " 0.1 to 1 (found 6)",
    ),
    "brightness upside down": (
        with_gate("minimum_brightness: 0.95"),
        "13:27: doors.main.gate.minimum_brightness: must not be above maximum_brightness,"
        " which is 0.9 (found 0.95)",
    ),
    "a feed that does not exist": (
        edited(("feed: back", "feed: bakc")),
        "14:11: doors.side.feed: no such feed (found bakc), did you mean 'back'?",
    ),
    "two doors on one feed": (
        edited(("feed: back", "feed: front")),
        "7:9: note: feeds.back: no door uses this feed, so it is not opened\n"
        "14:11: doors.side.feed: feed front already serves door main; one feed, one door",
    ),
    "an address of another scheme": (
        edited(("rtsp://192.0.2.1/live", "rstp://192.0.2.1/live")),
        "6:28: feeds.front.url: must be an address that begins with rtsp:// or rtsps://,"
        " did you mean 'rtsp://'?",
    ),
    "an address FFmpeg would open and we do not": (
        edited(("rtsp://192.0.2.1/live", "concat:/etc/passwd|/dev/zero")),
        "6:28: feeds.front.url: must be an address that begins with rtsp:// or rtsps://",
    ),
    "an address without a host": (
        edited(("rtsp://192.0.2.1/live", "rtsp:///live")),
        "6:28: feeds.front.url: is not an address: there is no host in it",
    ),
    "an address whose password breaks it": (
        edited(("rtsp://192.0.2.1/live", "rtsp://u:a/b:c@host/live")),
        "6:28: feeds.front.url: is not read as it is meant; a / in the user or password must be"
        " written %2F",
    ),
    "an address whose password looks like a port": (
        edited(("rtsp://192.0.2.1/live", "rtsp://u:123#b@host/live")),
        "6:28: feeds.front.url: is not read as it is meant; a # in the user or password must be"
        " written %23",
    ),
    "an address whose password is half encoded": (
        edited(("rtsp://192.0.2.1/live", "rtsp://u:5%off@host/live")),
        "6:28: feeds.front.url: is not read as it is meant; a % in the user or password must be"
        " written %25",
    ),
    "an address with a port that is none": (
        edited(("rtsp://192.0.2.1/live", "rtsp://host:99999/live")),
        "6:28: feeds.front.url: is not an address: its host or port cannot be read"
        " (encode @, / and : as %40, ...)",
    ),
    "a video that is not there": (
        edited(("kind: usb, device: 0", "kind: file, path: no.mov")),
        "7:28: feeds.back.path: no such video or folder (found no.mov)",
    ),
    "a depth camera that is not named": (
        edited(("kind: usb, device: 0", "kind: realsense")),
        "7:3: feeds.back.serial: is missing; it must be the camera's serial number, in quotes"
        " (`kioskd devices`)",
    ),
    "a depth camera's serial number that YAML takes for a number": (
        edited(("kind: usb, device: 0", "kind: realsense, serial: 821212060000")),
        "7:35: feeds.back.serial: must be 4 to 32 letters and digits (found 821212060000);"
        ' without quotes it is no text, write "821212060000"',
    ),
    "a depth camera that is to be played fast": (
        edited(("kind: usb, device: 0", 'kind: realsense, serial: "8212", pace: fast')),
        "7:43: feeds.back.pace: is for a recording, and there is none here",
    ),
    "a depth recording that is not there": (
        edited(("kind: usb, device: 0", "kind: realsense, recording: no.db3")),
        "7:38: feeds.back.recording: no such file (found no.db3)",
    ),
    "a depth recording of another kind": (
        edited(("kind: usb, device: 0", "kind: realsense, recording: no.mp4")),
        "7:38: feeds.back.recording: must end in .db3 or .bag (found no.mp4)",
    ),
    "waits upside down": (
        edited(("device: 0", "device: 0, retry_most_s: 0.5, retry_first_s: 2")),
        "7:66: feeds.back.retry_first_s: must not be above retry_most_s, which is 0.5 (found 2)",
    ),
    "a broker across the network in the open": (
        with_mqtt("broker: broker.example.org"),
        "4:11: mqtt.broker: a broker on another machine without tls and without a password or a"
        " certificate is refused (found broker.example.org); set tls, and set username and"
        " password, or tls.cert_file (kioskd broker-kit makes them)",
    ),
    "a password across the network in the open": (
        with_mqtt("broker: 192.0.2.7", "username: me", "password: ${PW}"),
        "4:11: mqtt.broker: a broker on another machine without tls is refused (found 192.0.2.7);"
        " set tls (kioskd broker-kit makes them)",
    ),
    "the risk accepted": (
        with_mqtt("broker: 192.0.2.7", "allow_insecure: true"),
        "4:11: note: mqtt.broker: a broker on another machine without tls and without a password"
        " or a certificate: anyone on the network could open the door",
    ),
    "an embedded broker with tls": (
        with_mqtt("broker: embedded", "tls: {}"),
        "5:3: mqtt.tls: the embedded broker is for trials and has no such thing;"
        " name a real broker",
    ),
    "tls with nothing behind it": (
        with_mqtt("broker: localhost", "tls:"),
        "5:3: mqtt.tls: has nothing behind it; write tls: {} to trust the system's CAs,"
        " or remove it",
    ),
    "a certificate without its key": (
        with_mqtt("broker: localhost", "tls: {cert_file: config.yaml}"),
        "5:9: mqtt.tls.cert_file: needs key_file beside it",
    ),
    "a CA that is not there": (
        with_mqtt("broker: localhost", "tls: {ca_file: ca.pem}"),
        "5:18: mqtt.tls.ca_file: no such file (found ca.pem)",
    ),
    "a secret nobody set": (
        with_mqtt("broker: localhost", "username: me", "password: ${NOPE}"),
        "6:13: mqtt.password: NOPE is not in the environment, and there are no credentials",
    ),
    "a secret half named": (
        with_mqtt("broker: localhost", "username: me", "password: ${NOPE"),
        "6:13: mqtt.password: ${ must be followed by a name and }, such as ${CAMERA_PASSWORD}",
    ),
    "a password in the file": (
        with_mqtt("broker: localhost", "username: me", "password: hunter2"),
        "6:13: note: mqtt.password: a password stands here for all to read; use ${NAME}"
        " (docs/install/configuration.md, Secrets)",
    ),
    "two passwords": (
        with_mqtt(
            "broker: localhost", "username: me", "password: ${PW}", "password_file: config.yaml"
        ),
        "7:3: mqtt.password_file: stands beside password; keep one of the two",
    ),
    "a password file that is not there": (
        with_mqtt("broker: localhost", "username: me", "password_file: pw"),
        "6:18: mqtt.password_file: the file cannot be read (No such file or directory)",
    ),
    "a password without a name": (
        with_mqtt("broker: localhost", "password_file: config.yaml"),
        "5:3: mqtt.password_file: needs a username beside it",
    ),
    "a fleet across the network in the open": (
        GOOD + "fleet: {nodes: n1.example}\n",
        "15:16: fleet.nodes: a broker on another machine without tls and without a password or a"
        " certificate is refused (found n1.example); set tls, and set username and password, or"
        " tls.cert_file (docs/install/fleet.md, Kiosks)",
    ),
    "one node of a fleet across the network in the open": (
        GOOD + 'fleet: {nodes: ["127.0.0.1:1884", "[2001:db8::1]:1883"], allow_insecure: true}\n',
        "15:16: note: fleet.nodes: a broker on another machine without tls and without a password"
        " or a certificate: anyone on the network could read what this kiosk records, and speak to"
        " the fleet in its place",
    ),
    "a fleet's node with a port that is none": (
        GOOD + 'fleet: {nodes: "localhost:70000"}\n',
        "15:16: fleet.nodes: the port of localhost must be a number from 1 to 65535",
    ),
    "a fleet's node with words behind its name": (
        GOOD + "fleet: {nodes: mqtt://n1.example}\n",
        "15:16: fleet.nodes: must be host names or addresses, each with or without :PORT, with"
        " commas between (found an address)",
    ),
    "a fleet's password without a fleet": (
        GOOD + "fleet: {password_file: config.yaml, username: me}\n",
        "15:9: fleet.password_file: needs nodes: without them nothing goes to a fleet\n"
        "15:37: fleet.username: needs nodes: without them nothing goes to a fleet",
    ),
    "a fleet's password in the file": (
        GOOD + "fleet: {nodes: localhost, username: me, password: hunter2}\n",
        "15:51: note: fleet.password: a password stands here for all to read; use ${NAME}"
        " (docs/install/configuration.md, Secrets)",
    ),
    "a fleet's certificate without its key, and a CA that is not there": (
        GOOD + "fleet: {nodes: localhost, tls: {cert_file: config.yaml, ca_file: ca.pem}}\n",
        "15:33: fleet.tls.cert_file: needs key_file beside it\n"
        "15:66: fleet.tls.ca_file: no such file (found ca.pem)",
    ),
    "an address for a device": (
        edited(("device: 0", "device: 'concat:/etc/passwd'")),
        "7:29: feeds.back.device: must be a path such as /dev/video0, or an index from 0 to 63"
        " (found 'concat:/etc/passwd')",
    ),
    "room that the fused scheme does not ask for": (
        with_gate("hybrid_margin_below: 0.2"),
        "13:28: note: doors.main.gate.hybrid_margin_below: is not asked for with fused_multimodal;"
        " write numbers: safr to ask for it",
    ),
    "less room than the hybrid model needs": (
        with_gate("hybrid_margin_below: 0.2", "numbers: safr"),
        "13:28: note: doors.main.gate.hybrid_margin_below: 0.2 is less room than the hybrid model"
        " needs (0.5)",
    ),
    "a port behind the host": (
        with_mqtt("broker: localhost:1883"),
        "4:11: mqtt.broker: must be a host name or address, without mqtt:// and without a port"
        " (found localhost:1883)",
    ),
    "true for a section": (
        with_mqtt("broker: localhost", "tls: true"),
        "5:8: mqtt.tls: must be a section of `key: value` lines (found true);"
        " {} is one with its defaults",
    ),
    "a tag": (
        with_mqtt("broker: localhost", "port: !env PORT"),
        "5:9: mqtt.port: !env is not known here; write ${NAME} for what is in the environment or a"
        " credential (docs/install/configuration.md, Secrets)",
    ),
    "another program's secret": (
        with_mqtt("broker: localhost", "username: me", "password: !secret mqtt_password"),
        "6:13: mqtt.password: !secret is not known here; write ${NAME} for what is in the"
        " environment or a credential (docs/install/configuration.md, Secrets)",
    ),
    "another program's include": (
        edited(("mqtt:\n  broker: localhost\n", "mqtt: !include mqtt.yaml\n")),
        "3:7: mqtt: !include is not known here; everything stands in this one file",
    ),
    "a quote that is closed only in a comment lines below": (
        with_mqtt("broker: 'localhost", "keepalive_s: 10", "port: 1883 # don't"),
        "4:11: is not valid YAML: a quote is opened here and closed only on line 6;"
        " close it on its own line",
    ),
    "diagnostics at a real door": (
        with_mqtt("broker: localhost", "diagnostics: true"),
        "5:16: note: mqtt.diagnostics: each model's scores and what stands in a person's way go to"
        " the broker, which teaches an attacker; set it to false when the door has been set up",
    ),
    "a variable where none works": (
        with_mqtt("broker: ${BROKER}"),
        "4:11: mqtt.broker: must be a host name or address, without mqtt:// and without a port"
        " (found ${BROKER}); ${NAME} works in mqtt.username, mqtt.password and a feed's url alone",
    ),
    "a file in the place of the state folder": (
        GOOD + "state_dir: config.yaml\n",
        "15:12: state_dir: must be a folder, and this is a file",
    ),
    "a recording at a door across the network": (
        with_recording(PROVEN),
        "10:28: feeds.back.path: plays a recording, not a camera: whoever can change the file"
        " opens the door; name a camera, or accept it for a trial with trial: true",
    ),
    "a depth recording at a door across the network": (
        with_recording(PROVEN, "realsense, recording: x.db3"),
        "10:38: feeds.back.recording: plays a recording, not a camera: whoever can change the"
        " file opens the door; name a camera, or accept it for a trial with trial: true",
    ),
    "a recording at a door across the network, for a trial": (
        with_recording(PROVEN, "file, path: x.mov, trial: true"),
        "10:28: note: feeds.back.path: plays a recording, not a camera: whoever can change the"
        " file opens the door",
    ),
    "a recording with a broker on this machine": (
        with_recording(("broker: localhost",)),
        "7:28: note: feeds.back.path: plays a recording, not a camera: whoever can change the"
        " file opens the door",
    ),
    "a trial without a recording": (
        edited(("kind: usb, device: 0", 'kind: realsense, serial: "8212", trial: true')),
        "7:43: feeds.back.trial: is for a recording, and there is none here",
    ),
    "one camera by two names": (
        edited(('rtsp, url: "rtsp://192.0.2.1/live"', "usb, device: /dev/video0")),
        "7:29: feeds.back.device: is the camera of feed front too; one camera, one feed, one door",
    ),
    "one address by two users": (
        edited(("usb, device: 0", 'rtsp, url: "rtsp://me:${PW}@192.0.2.1/live", transport: udp')),
        "7:27: feeds.back.url: is the camera of feed front too; one camera, one feed, one door",
    ),
    "one depth camera by two names": (
        edited(
            ('rtsp, url: "rtsp://192.0.2.1/live"', 'realsense, serial: "8212"'),
            ("usb, device: 0", 'realsense, serial: "8212"'),
        ),
        "7:35: feeds.back.serial: is the camera of feed front too; one camera, one feed, one door",
    ),
    "limits that let more pass": (
        with_gate("minimum_sharpness: 0.1", "maximum_yaw_deg: 40", "face_policy: largest"),
        "13:26: note: doors.main.gate.minimum_sharpness: 0.1 lets more pass than the default,"
        " 0.25\n"
        "14:24: note: doors.main.gate.maximum_yaw_deg: 40 lets more pass than the default, 20\n"
        "15:20: note: doors.main.gate.face_policy: largest lets more pass than one, the default",
    ),
    "limits that let less pass": (
        with_gate("minimum_sharpness: 0.3", "maximum_yaw_deg: 10", "face_policy: one"),
        "",
    ),
    "liveness that lets more pass": (
        with_rgb("cool_down_s: 0", "reuse_frames_for_fake: true", "fake_detection_threshold: 0.1"),
        "13:20: note: doors.main.rgb_liveness.cool_down_s: 0 lets more pass than the default, 2\n"
        "14:30: note: doors.main.rgb_liveness.reuse_frames_for_fake: true lets more pass than"
        " false, the default\n"
        "15:33: note: doors.main.rgb_liveness.fake_detection_threshold: 0.1 lets more pass than the"
        " default, 0.4",
    ),
    "one frame that confirms": (
        with_rgb("evaluate_liveness_over_n_frames: 1"),
        "13:40: note: doors.main.rgb_liveness.evaluate_liveness_over_n_frames: 1 lets more pass"
        " than the default, 10\n"
        "13:40: doors.main.rgb_liveness.evaluate_liveness_over_n_frames: one frame of 1 would"
        " confirm a person, and one may be an accident; let at least 3 agree",
    ),
    "two frames that confirm": (
        with_rgb("minimum_confirmations_required: 0.15"),
        "13:39: note: doors.main.rgb_liveness.minimum_confirmations_required: 0.15 lets more pass"
        " than the default, 0.6\n"
        "13:39: note: doors.main.rgb_liveness.minimum_confirmations_required: 2 frames of 10"
        " confirm a person; let at least 3 agree",
    ),
    "a line that makes everything live": (
        with_rgb("calibration_intercept: 3"),
        "13:30: note: doors.main.rgb_liveness.calibration_intercept: with this line a score of"
        " 0.069 already speaks for life",
    ),
    "an empty file": ("", "1:1: is empty"),
    "no YAML": ("site: [", "1:8: is not valid YAML: a value is missing before this"),
}


@pytest.mark.parametrize(("text", "lines"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_at_its_line_in_these_words(said: Said, text: str, lines: str) -> None:
    for recording in ("x.mov", "x.db3"):
        Path(recording).touch()
    assert said(text) == [f"config.yaml:{line}" for line in lines.splitlines()]


def test_every_mistake_is_told_at_once_in_the_files_order(said: Said) -> None:
    text = edited(
        ("site: hq", "site: H Q"),
        ("  broker: localhost", "  broker: localhost\n  port: 12:30\n  port: 1\n  kepalive_s: 3"),
        ("kind: usb", "kind: usb, fps: fast"),
        ("feed: back", "feed: bakc\n    rgb_liveness: {fake_detection_threshold: 0.9}"),
    )
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in said(text)] == [
        "config.yaml:1:7 site",
        "config.yaml:5:9 mqtt.port",
        "config.yaml:6:3 mqtt.port",
        "config.yaml:7:3 mqtt.kepalive_s",
        "config.yaml:10:26 feeds.back.fps",
        "config.yaml:17:11 doors.side.feed",
        "config.yaml:18:46 doors.side.rgb_liveness.fake_detection_threshold",
    ]


def test_a_recording_may_have_less_room_without_a_note(said: Said) -> None:
    Path("clip.mov").touch()
    text = with_gate("hybrid_margin_below: 0.2")
    text = text.replace('kind: rtsp, url: "rtsp://192.0.2.1/live"', "kind: file, path: clip.mov")
    assert said(text.replace("broker: localhost", "broker: embedded")) == []


def test_a_recording_may_be_shown_to_looser_limits_but_one_frame_is_never_enough(
    said: Said,
) -> None:
    Path("x.mov").touch()
    limits = "{cool_down_s: 0, minimum_confirmations_required: 0.2}"
    text = with_recording(("broker: embedded",)).replace(
        "feed: back\n", f"feed: back\n    rgb_liveness: {limits}\n"
    )
    assert said(text) == []
    (line,) = said(text.replace("required: 0.2", "required: 0.1"))
    assert "one frame of 10 would confirm a person" in line


@pytest.mark.parametrize(
    ("path", "key"),
    [
        pytest.param(path, key, id=f"{mode}-{'.'.join(map(str, path[2:]))}")
        for path, mode, key in walk()
        if path[0] == "doors" and len(path) > 3
    ],
)
def test_of_every_limit_of_a_door_it_is_known_which_way_lets_more_pass(
    path: tuple[str, ...], key: Key
) -> None:
    known = {"less", "more", "neither", "true", "false", *key.choices}
    assert looser_limits.looser(path[-1], key) in known


@pytest.mark.parametrize(
    ("mode", "section", "limits", "noted"),
    [
        (
            "challenge",
            "challenge",
            "{cool_down_s: 0, attempts_per_track: 100, nod_deg: 6}",
            {"cool_down_s", "attempts_per_track", "nod_deg"},
        ),
        (
            "challenge_sequence",
            "sequence",
            "{order: fixed, eyes_closed: 0.7, unified: {watch: false, rigidity: 2}}",
            {"order", "eyes_closed", "watch", "rigidity"},
        ),
        ("challenge_sequence", "sequence", "{unified: {watch: true, rigidity: 0.5}}", set()),
    ],
)
def test_a_door_that_asks_for_less_is_told_so_in_every_mode(
    said: Said, mode: str, section: str, limits: str, noted: set[str]
) -> None:
    main = "mode: secure_access_rgb_liveness\n    feed: front\n"
    lines = said(GOOD.replace(main, f"mode: {mode}\n    feed: front\n    {section}: {limits}\n"))
    looser = [line for line in lines if "replayed video" not in line]
    assert {line.split(": ")[2].rpartition(".")[2] for line in looser} == noted
    assert all("lets more pass" in line for line in looser)


def test_another_scheme_than_hybrid_needs_no_room(said: Said) -> None:
    text = with_gate("hybrid_margin_below: 0.2").replace(
        "    gate:\n", "    rgb_liveness: {detection_scheme: context_unimodal}\n    gate:\n"
    )
    assert said(text) == []


def test_a_scheme_whose_network_is_absent_is_refused_by_name(tmp_path: Path) -> None:
    from kioskd.config.effective_values import Answers
    from kioskd.config.rules import problems
    from kioskd.config.secrets import Vault
    from kioskd.config.strict_yaml import read

    document = read(with_rgb("detection_scheme: strict_multimodal"), "config.yaml")
    ask = Answers(document, document.value, tmp_path)
    lacking = {"strict_multimodal": ("texture", "context")}
    found = problems(ask, Vault({}), lambda scheme: lacking.get(scheme, ()))
    assert [str(problem) for problem in found] == [
        "config.yaml:13:25: doors.main.rgb_liveness.detection_scheme: strict_multimodal needs the"
        " texture and context network, which is not installed"
    ]


@pytest.mark.parametrize("bare", ["$PW", "$(PW)", "$(cat pw)", "%PW%", "{{ PW }}"])
def test_a_variable_without_braces_is_no_password(said: Said, bare: str) -> None:
    refused = (
        "a name with $ but without braces is taken as it stands; write ${NAME} for what is in the"
        " environment or a credential (docs/install/configuration.md, Secrets)"
    )
    lines = said(with_mqtt("broker: localhost", "username: me", f"password: '{bare}'"))
    assert lines == [f"config.yaml:6:13: mqtt.password: {refused}"]
    lines = said(GOOD.replace("rtsp://192", f"rtsp://me:{bare}@192"))
    assert lines == [f"config.yaml:6:28: feeds.front.url: {refused}"]


@pytest.mark.parametrize("word", ["pa$$word", "a$PW", "100%", "$", "pre-${PW}"])
def test_a_password_that_only_holds_such_a_sign_is_one(said: Said, word: str) -> None:
    lines = said(with_mqtt("broker: localhost", "username: me", f"password: {word}"))
    assert all("without braces" not in line for line in lines)


def test_diagnostics_are_no_matter_where_no_door_listens(said: Said) -> None:
    assert said(with_mqtt("broker: embedded", "diagnostics: true")) == []


MEANT = {
    "secure_access_rgb": "secure_access_rgb_liveness",
    "rgb": "secure_access_rgb_liveness",
    "colour": "secure_access_rgb_liveness",
    "liveness": "secure_access_rgb_liveness",
    "secure_access": "secure_access_rgb_liveness",
    "secure_access_liveness": "secure_access_rgb_liveness",
    "SECURE-ACCESS-RGB-LIVENESS": "secure_access_rgb_liveness",
    "secure_acces_rgb_livness": "secure_access_rgb_liveness",
    "smile": "secure_access_smile",
    "smiling_rgb": "secure_access_smile_rgb_liveness",
    "pose": "secure_access_profile_pose",
    "3d": "secure_access_3d_liveness",
    "rgbd": "secure_access_rgb_3d_liveness",
    "depth": "depth_liveness",
    "nir": "infrared_liveness",
    "sequence": "challenge_sequence",
}


@pytest.mark.parametrize("typed", MEANT)
def test_the_mode_that_is_likeliest_by_meaning_is_suggested(said: Said, typed: str) -> None:
    text = GOOD.replace("secure_access_rgb_liveness\n    feed: front", f"{typed}\n    feed: front")
    (line,) = [line for line in said(text) if "doors.main.mode" in line]
    assert line.endswith(f"did you mean '{MEANT[typed]}'?")


@pytest.mark.parametrize(
    ("key", "typed", "meant"),
    [
        ("perception.provider", "nvidia", "cuda"),
        ("logging.level", "warn", "warning"),
        ("logging.level", "fatal", "error"),
        ("mqtt.protocol", "'3.1'", "3.1.1"),
        ("mqtt.protocol", "3.1", "3.1.1"),
        ("mqtt.prompt_language", "german", "de"),
        ("mqtt.prompt_language", "Français", "fr"),
        ("feeds.front.kind", "webcam", "usb"),
        ("feeds.front.kind", "onvif", "rtsp"),
        ("feeds.front.kind", "mjpeg", "http"),
        ("feeds.front.kind", "video", "file"),
    ],
)
def test_another_word_for_a_choice_is_understood(
    said: Said, key: str, typed: str, meant: str
) -> None:
    section, name = key.split(".", 1)
    text = GOOD.replace("kind: rtsp", f"kind: {typed}")
    if section != "feeds":
        text = GOOD.replace("  broker: localhost\n", f"  broker: localhost\n  {name}: {typed}\n")
    if section not in ("feeds", "mqtt"):
        text = GOOD + f"{section}: {{{name}: {typed}}}\n"
    (line,) = [line for line in said(text) if f" {key}: " in line]
    assert line.endswith(f"did you mean '{meant}'?")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("host: h", "broker"),
        ("user: me", "username"),
        ("ssl: {}", "tls"),
        ("topic: t", "topic_pre"),
    ],
)
def test_another_word_for_a_key_is_understood(said: Said, line: str, meant: str) -> None:
    (told,) = [each for each in said(with_mqtt("broker: localhost", line)) if "known key" in each]
    assert f"did you mean '{meant}" in told


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert checked(path) == (2, [f"{path}: cannot be read (No such file or directory)"])
    assert checked(tmp_path) == (2, [f"{tmp_path}: cannot be read (Is a directory)"])


def test_the_exit_status_is_0_or_2_and_notes_refuse_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    status, lines = checked(path)
    assert (status, lines[-1]) == (0, f"{path}: ok")
    assert not any(": note: " in line for line in lines)
    path.write_text(with_gate("hybrid_margin_below: 0.2"))
    status, lines = checked(path)
    assert (status, sum(": note: " in line for line in lines)) == (0, 1)
    path.write_text(GOOD.replace("hq", "HQ"))
    assert checked(path)[0] == 2


def test_loading_refuses_what_check_refuses_and_keeps_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(with_gate("hybrid_margin_below: 0.2"))
    assert load(path).notes == tuple(str(problem) for problem in check(path))
    path.write_text(GOOD.replace("hq", "HQ"))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems == check(path)
