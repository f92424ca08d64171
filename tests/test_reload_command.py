"""Asking the running daemon to read its configuration again: `kioskd reload`, and SIGHUP."""

import json
import os
import signal
from pathlib import Path

import pytest

from kioskd.commands import calibrate
from kioskd.evaluation.threshold_choice import Wish, propose
from kioskd.state_dir import StateDir, holder
from tests.support import commands
from tests.support.broker import eventually, mosquitto
from tests.support.daemon import LIVE, Kioskd, file_feed, settings
from tests.test_calibrate import BY, site


def test_a_signal_and_the_command_have_the_file_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mosquitto(tmp_path) as broker:
        config = settings(broker, {"a": file_feed(LIVE)}, cool_down_s=0)
        kiosk = Kioskd(tmp_path / "k", config)
        asked = ("reload", "-c", kiosk.config)
        nobody = commands.kioskd(*asked)
        assert nobody.status == 1
        assert "no kioskd runs with the state folder" in nobody.err
        kiosk.start()
        try:
            eventually(lambda: "started" in kiosk.log)
            config["doors"]["a-door"]["pause_s"] = 5
            config["audit"] = {"keep_days": 30}
            kiosk.config.write_text(json.dumps(config, indent=1))
            taken = commands.kioskd(*asked)
            assert taken.status == 0, taken.err
            assert "doors.a-door.pause_s: holds now" in taken.out
            assert "audit.keep_days: waits for a restart" in taken.out
            good = kiosk.config.read_text()
            kiosk.config.write_text(good.replace('"pause_s": 5', '"pause_s": 500'))
            wrong = commands.kioskd(*asked)
            assert wrong.status == 2
            line = good[: good.index('"pause_s"')].count("\n") + 1
            assert f"config.yaml:{line}:" in wrong.err
            kiosk.config.write_text(good)
            proposal = propose(site(0.95, people=10), BY, Wish("bpcer", 0.05))
            state = kiosk.folder / "state"
            assert calibrate.applied(kiosk.config, state, "a-door", proposal) == 0
            assert (
                "doors.a-door.rgb_liveness.detection_scheme: holds now" in capsys.readouterr().out
            )
            for _ in range(200):
                os.kill(kiosk.pid, signal.SIGHUP)
            whole = json.loads(commands.kioskd(*asked, "--json").out)
            assert whole["refused"] == []
            assert kiosk.running
            assert kiosk.stop() == 0
        finally:
            kiosk.kill()


def test_a_number_that_was_left_in_the_lock_file_is_nobody_to_be_asked(tmp_path: Path) -> None:
    """It may be another program's by now, and a signal would end that."""
    assert holder(tmp_path / "nowhere") is None
    folder = StateDir(tmp_path)
    assert holder(tmp_path) == os.getpid()
    folder.close()
    assert (tmp_path / "kioskd.lock").read_text() == f"{os.getpid()}\n"
    assert holder(tmp_path) is None
    (tmp_path / "kioskd.lock").write_text("nonsense")
    assert holder(tmp_path) is None
