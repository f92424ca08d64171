"""Every command as its user runs it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.broker import eventually, mosquitto, program
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str, timeout: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kioskd", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


def test_the_demo_shows_a_confirmed_and_a_refused_event_and_exits_0() -> None:
    shown = run("demo", "--json")
    assert shown.returncode == 0, shown.stderr
    events = {event["sourceId"]: event for event in map(json.loads, shown.stdout.splitlines())}
    assert events.keys() == {"live", "attack"}
    assert events["live"]["livenessConfirmed"] == "true"
    assert events["attack"]["livenessConfirmed"] == "false"


def test_the_example_configuration_is_good_and_confirms_the_demo_clip(tmp_path: Path) -> None:
    checked = run("check", "-c", "config.yaml")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.splitlines()[-1] == "config.yaml: ok"
    text = (ROOT / "config.yaml").read_text().replace("kioskd/demo", str(ROOT / "kioskd/demo"))
    assert text.count("  #port: 8883") == 1
    config = tmp_path / "config.yaml"
    config.write_text(text.replace("  #port: 8883", f"  port: {free_port()}"))
    log, told = tmp_path / "log", tmp_path / "told"
    with (
        started(log, "run", "-c", config) as daemon,
        started(told, "events", "-c", config, "--json"),
    ):
        eventually(lambda: any(map(confirms, told.read_text().splitlines())))
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(DEADLINE_S) == 0, log.read_text()


@contextmanager
def started(to: Path, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs for as long as the block, and all it says in a file."""
    command = [sys.executable, "-m", "kioskd", *map(str, arguments)]
    with to.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def confirms(line: str) -> bool:
    """Whether a line of `kioskd events --json`, which may be half written, tells of a person."""
    return '/action"' in line and '"livenessConfirmed": "true"' in line


def test_check_without_a_file_says_which_file_is_missing(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.yaml"
    checked = run("check", "-c", str(missing))
    assert checked.returncode == 2
    assert str(missing) in checked.stderr
    assert "Traceback" not in checked.stderr


def test_schema_prints_by_name_what_messages_and_interfaces_ship() -> None:
    for name, file in (
        ("action", "delivery/schemas/action.json"),
        ("status_compact", "delivery/schemas/status_compact.json"),
        ("sessions-openapi", "sessions/openapi.json"),
        ("control-asyncapi", "control/asyncapi.json"),
    ):
        shipped = json.loads((ROOT / "kioskd" / file).read_text())
        assert json.loads(run("schema", name).stdout) == shipped


def test_an_unknown_schema_is_answered_with_those_there_are() -> None:
    said = run("schema", "actoin")
    assert said.returncode == 2
    assert said.stderr.startswith("there is no schema 'actoin'; there are config, action, ")


def test_the_example_that_is_printed_has_no_mistakes_wherever_it_is_put(tmp_path: Path) -> None:
    printed = run("example").stdout
    assert printed.count("\n") == (ROOT / "config.yaml").read_text("utf-8").count("\n")
    config = tmp_path / "config.yaml"
    config.write_text(printed, "utf-8")
    assert run("check", "-c", str(config)).returncode == 0


def test_the_unit_that_is_printed_starts_the_kioskd_that_printed_it() -> None:
    printed = run("unit").stdout
    program = Path(sys.executable).with_name("kioskd")
    assert f"\nExecStart={program} run " in printed
    assert f"\nExecReload={program} reload " in printed
    shipped = (ROOT / "systemd" / "kioskd.service").read_text("utf-8")
    assert printed.replace(str(program), "/opt/kioskd/bin/kioskd") == shipped


def test_schema_prints_the_schema_that_ships() -> None:
    shipped = json.loads((ROOT / "kioskd" / "config" / "config.schema.json").read_text())
    assert json.loads(run("schema").stdout) == shipped


def test_the_doctor_looks_through_camera_networks_broker_and_disk(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        daemon = Kioskd(tmp_path / "k", settings(broker, {"door-3": file_feed(LIVE)}))
        looked = run("doctor", "-c", str(daemon.config))
    lines = looked.stdout.splitlines()
    libraries = ("OpenCV", "extras", "libusb")
    for subject in (*libraries, "configuration", "networks", "speed", "camera door-3", "audit log"):
        assert [line for line in lines if line.startswith(f"ok    {subject}: ")], lines
    assert len([line for line in lines if line.startswith("ok    broker: ")]) == 2
    assert any("960x720" in line for line in lines)
    clock_is_kept = not [line for line in lines if line.startswith("FAIL  clock")]
    assert looked.returncode == (0 if clock_is_kept else 1)


def test_the_doctor_names_what_is_not_well(tmp_path: Path) -> None:
    clip = tmp_path / "no-video.mp4"
    clip.write_text("not a video")
    with mosquitto(tmp_path) as broker:
        config = settings(broker, {"door-3": file_feed(clip)})
    config["state_dir"] = "/proc/nowhere"
    daemon = Kioskd(tmp_path / "k", config)  # the broker is gone by now
    looked = run("doctor", "-c", str(daemon.config), "--json")
    told = [json.loads(line) for line in looked.stdout.splitlines()]
    failures = [f"{t['subject']}: {t['sentence']}" for t in told if t["verdict"] == "fail"]
    assert looked.returncode == 1
    assert told[0]["verdict"] == "ok"
    for subject, named in (
        ("camera door-3", "no-video.mp4"),
        ("broker", str(broker.port)),
        ("audit log", "/proc/nowhere"),
    ):
        assert [line for line in failures if subject in line and named in line], failures


def test_a_path_that_no_shell_has_unfolded_makes_no_folder(tmp_path: Path) -> None:
    for command in (("check", "-c", "~/c.yaml"), ("record", "front", "--to", "~/kept", "--yes")):
        said = run(*command)
        assert said.returncode == 2
        assert "must not begin with ~" in said.stderr
    assert not (ROOT / "~").exists()


def test_the_doctor_is_not_content_with_a_picture_that_shows_nothing(tmp_path: Path) -> None:
    fields = made(tmp_path / "fields.mp4", 25, "interlace", "-x264-params", "interlaced=1")
    feeds = {
        "fields": file_feed(fields),
        "covered": file_feed(made(tmp_path / "covered.mp4", 25, "lutyuv=y=16:u=128:v=128")),
        "slow": file_feed(made(tmp_path / "slow.mp4", 2, "null")),
        "well": file_feed(made(tmp_path / "well.mp4", 25, "null")),
    }
    with mosquitto(tmp_path) as broker:
        daemon = Kioskd(tmp_path / "k", settings(broker, feeds))
        looked = run("doctor", "-c", str(daemon.config))
    cameras = [line for line in looked.stdout.splitlines() if "  camera " in line]
    for line, (name, said) in zip(
        cameras,
        (
            ("FAIL  camera fields: ", "sends interlaced video"),
            ("FAIL  camera covered: ", "colour"),
            ("FAIL  camera slow: ", "2.0 pictures a second, at least 5 are needed"),
            ("ok    camera well: ", "192x144"),
        ),
        strict=True,
    ):
        assert line.startswith(name)
        assert said in line
    assert looked.returncode == 1


def made(path: Path, rate: int, filters: str, *options: str) -> Path:
    """Three seconds of a moving test picture."""
    source = f"testsrc2=size=192x144:rate={rate},{filters}"
    command = [program("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", source, "-t", "3"]
    subprocess.run(
        [*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", *options, str(path)],
        check=True,
        timeout=120,
    )
    return path


def test_devices_says_which_cameras_there_are() -> None:
    listed = run("devices")
    assert listed.returncode == 0
    assert listed.stdout.strip()


def test_events_follows_the_broker_readably_until_interrupted(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        config = settings(broker, {"door-3": file_feed(ATTACK)}, cool_down_s=0)
        with kioskd(tmp_path / "k", config) as daemon:
            command = [sys.executable, "-m", "kioskd", "events", "-c", str(daemon.config)]
            with (tmp_path / "followed").open("wb") as output:
                follower = subprocess.Popen(command, stdout=output)
            try:
                eventually(lambda: "rgbLiveness" in (tmp_path / "followed").read_text())
            finally:
                follower.send_signal(signal.SIGINT)
                assert follower.wait(DEADLINE_S) == 0
    followed = (tmp_path / "followed").read_text()
    assert "door-3/action  rgbLiveness  liveness=" in followed
    assert "livenessConfirmed=false" in followed
    assert "status  online" in followed


def test_the_bench_measures_the_road_it_runs() -> None:
    measured = run("bench", str(ATTACK), "--feeds", "1,2", "--seconds", "3", "--json")
    assert measured.returncode == 0, measured.stderr
    one, two = json.loads(measured.stdout)["runs"]
    assert (one["feeds"], two["feeds"]) == (1, 2)
    for figures in (one, two):
        assert figures["events"] > 0
        assert figures["ms_per_frame"] >= figures["network_ms_per_frame"] > 0
        assert figures["capture_to_broker_ms"]["p50"] > figures["issue_to_broker_ms"]["p50"]
        assert figures["daemon_peak_mb"] >= figures["daemon_mb"] > 0
        per_call = figures["network_ms_per_call"]
        assert {"face_landmarks", "hybrid", "yunet"} <= per_call.keys()
        # Attempt follows upon attempt: most frames cost what evidence costs.
        asked = ("yunet", "hybrid", "context", "texture", "detail")
        evidence = sum(per_call[name] for name in asked)
        assert figures["network_ms_per_frame"] > 0.6 * evidence


def test_the_bench_names_a_missing_file(tmp_path: Path) -> None:
    measured = run("bench", str(tmp_path / "no-such-clip.mp4"))
    assert measured.returncode == 1
    assert "no-such-clip.mp4" in measured.stderr
