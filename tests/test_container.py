"""What the container image says of itself, without an engine; tests/roads/container.py runs it."""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from kioskd import __version__
from tests.roads.composed import ComposeError, flags, service
from tests.roads.container import COMPOSE, LEFT_OUT
from tests.support.patience import DEADLINE_S

FOLDER = COMPOSE.parent
CONTAINERFILE = (FOLDER / "Containerfile").read_text()


def healthy(sign: Path, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", FOLDER / "healthy", *more],
        env={**os.environ, "KIOSKD_ALIVE": str(sign)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return done.returncode, done.stdout


def test_it_is_healthy_while_kioskd_says_so_and_not_before(tmp_path: Path) -> None:
    sign = tmp_path / "alive"
    assert healthy(sign) == (1, "kioskd has not started yet; its log says why.\n")
    sign.write_text("4711\n")
    assert healthy(sign) == (0, "")


@pytest.mark.parametrize("ago_s", [100, -100], ids=["long ago", "and the clock was set back since"])
def test_a_kioskd_that_is_stuck_is_unhealthy_and_ended_if_asked_for(
    tmp_path: Path, ago_s: int
) -> None:
    sign = tmp_path / "alive"
    with subprocess.Popen(["sleep", "1000"]) as stuck:
        sign.write_text(f"{stuck.pid}\n")
        os.utime(sign, (time.time() - ago_s,) * 2)
        status, said = healthy(sign, "--or-end")
        assert stuck.wait(DEADLINE_S) == -9
    assert status == 1
    assert "has made no progress for" in said


def saved(file: Path, number: str) -> Path:
    """An image as an engine saves it, whose way there had a number."""
    settings = {
        "config": {"User": "10001", "Hostname": number, "Image": number},
        "container": number,
        "history": [{"created_by": "RUN true", "comment": f"FROM {number}"}],
        "rootfs": {"diff_ids": ["sha256:1"]},
    }
    told = [{"Config": f"{number}.json", "Layers": ["1.tar"], "RepoTags": ["localhost/kioskd:1"]}]
    with tarfile.open(file, "w") as archive:
        for name, content in (
            ("1.tar", b"files"),
            (f"{number}/VERSION", b"1.0"),
            (f"{number}.json", json.dumps(settings).encode()),
            ("manifest.json", json.dumps(told).encode()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file


def test_of_an_image_only_what_it_holds_is_in_its_file(tmp_path: Path) -> None:
    plain = []
    for number in ("11", "22"):
        plain.append(tmp_path / f"plain-{number}.tar")
        made = saved(tmp_path / f"{number}.tar", number)
        subprocess.run([sys.executable, FOLDER / "plain", made, plain[-1]], check=True)
    assert plain[0].read_bytes() == plain[1].read_bytes()
    with tarfile.open(plain[0]) as archive:
        found = {each.name: archive.extractfile(each) for each in archive}
        content = {name: file.read() for name, file in found.items() if file is not None}
    (image,) = json.loads(content["manifest.json"])
    assert image["RepoTags"] == ["localhost/kioskd:1"]
    assert content["1.tar"] == b"files"
    assert json.loads(content[image["Config"]])["config"]["User"] == "10001"
    assert image["Config"] == f"{sha256(content[image['Config']]).hexdigest()}.json"


def image_env() -> dict[str, str]:
    return dict(re.findall(r"\b([A-Z_]+)=(/\S+)", CONTAINERFILE.partition("\nENV ")[2]))


def test_compose_gives_the_image_the_folders_that_it_writes_to_and_no_other() -> None:
    told, env = service(COMPOSE, "kioskd"), image_env()
    kept = {each.split(":")[1] for each in told["volumes"] if not each.endswith(":ro")}
    assert told["read_only"] is True
    assert kept == {env["STATE_DIRECTORY"]}
    assert env["RUNTIME_DIRECTORY"] in told["tmpfs"]
    assert str(Path(env["KIOSKD_ALIVE"]).parent) in told["tmpfs"]
    assert env["HOME"] in told["tmpfs"]
    assert f"./config.yaml:{env['KIOSKD_CONFIG']}:ro" in told["volumes"]


@pytest.mark.parametrize("name", ["kioskd", "broker"])
def test_compose_gives_nobody_a_right(name: str) -> None:
    told = service(COMPOSE, name)
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges"]
    assert f"USER {told['user']}\n" in CONTAINERFILE
    assert not told["user"].startswith("0")


def test_compose_starts_this_version_and_asks_it_how_it_is() -> None:
    told = service(COMPOSE, "kioskd")
    assert told["image"].endswith(f":-{__version__}}}")
    (check,) = re.findall(r"^HEALTHCHECK .*CMD \[(.*)\]$", CONTAINERFILE, re.MULTILINE)
    assert told["healthcheck"]["test"] == ["CMD", check.strip('"'), "--or-end"]
    assert told["init"] is True, "without it nothing can end a kioskd that is stuck"


@pytest.mark.parametrize("name", ["kioskd", "broker"])
def test_the_road_carries_out_all_of_compose_but_what_it_names(name: str, tmp_path: Path) -> None:
    told = service(COMPOSE, name)
    found = flags(told, tmp_path, LEFT_OUT)
    assert {"--read-only=true", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= {*found}
    with pytest.raises(ComposeError, match="privileged"):
        flags({**told, "privileged": True}, tmp_path, LEFT_OUT)


def test_the_examples_in_compose_are_yaml_too() -> None:
    """Of a camera and a GPU: whoever takes the # away has keys that Compose knows."""
    lines = re.findall(r"^    #([a-z_]+: .*)$", COMPOSE.read_text(), re.MULTILINE)
    keys: list[Any] = [key for line in lines for key in yaml.safe_load(line)]
    assert {"devices", "group_add", "device_cgroup_rules", "volumes", "deploy"} == {*keys}
