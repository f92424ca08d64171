"""`kioskd calibrate`: the line, the choice of thresholds, and the fragment it writes."""

import shutil
import subprocess
import sys
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kioskd.config.load import check, load
from kioskd.evaluation.calibrate import CalibrationError, Wish, propose
from kioskd.evaluation.calibrate_text import fragment, lines
from kioskd.evaluation.decide import Judging
from kioskd.evaluation.fit import Sample, fit, held_out
from kioskd.evaluation.sight import Sighting
from kioskd.modes.gate import GateSettings
from kioskd.modes.rgb_settings import RgbSettings
from models.calibration import IDENTITY, Calibration, calibrated
from tests.support.sightings import sighting

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "kioskd" / "demo" / "clips"
STILL_TOO = GateSettings(minimum_change=0.0)  # the first frame may count
BY = Judging(RgbSettings(), STILL_TOO, "on")


def spread(centre: float, count: int, seed: int) -> tuple[float, ...]:
    """Scores whose logits are normal about a centre."""
    logits = np.random.default_rng(seed).normal(centre, 1.5, count)
    return tuple(float(1 / (1 + exp(-x))) for x in logits)


def presentations(
    live: float, fake: float, *, sources: int = 3, species: str = "print"
) -> list[Sighting]:
    """Of each source one live person and one attack, of 20 frames with these scores."""
    return [
        sighting(label, [score] * 20, species=kind, source=f"lab{n}", name=f"{label}{n}")  # type: ignore[arg-type]
        for n in range(sources)
        for label, score, kind in (("bonafide", live, ""), ("attack", fake, species))
    ]


# -- the line


def test_the_line_is_the_one_of_scikit_learn() -> None:
    live, fake = spread(1.0, 400, 1), spread(-0.5, 400, 2)
    line = fit([Sample(live, fake)])
    logits = [[log(s / (1 - s))] for s in live + fake]
    theirs = LogisticRegression(C=np.inf).fit(logits, [1] * 400 + [0] * 400)
    assert line is not None
    assert line.slope == pytest.approx(float(theirs.coef_[0][0]), abs=0.01)
    assert line.intercept == pytest.approx(float(theirs.intercept_[0]), abs=0.01)


def test_scores_that_are_probabilities_already_are_left_as_they_are() -> None:
    # logits with means of plus and minus v/2 and variance v have themselves as log odds
    rng = np.random.default_rng(3)
    live = tuple(float(1 / (1 + exp(-x))) for x in rng.normal(1.0, 2**0.5, 4000))
    fake = tuple(float(1 / (1 + exp(-x))) for x in rng.normal(-1.0, 2**0.5, 4000))
    line = fit([Sample(live, fake)])
    assert line is not None
    assert line.slope == pytest.approx(1.0, abs=0.06)
    assert line.intercept == pytest.approx(0.0, abs=0.06)


def test_every_source_weighs_the_same_however_many_frames_it_has() -> None:
    large, small = (
        Sample(spread(2, 3000, 4), spread(0, 3000, 5)),
        (spread(0, 300, 6), spread(-2, 300, 7)),
    )
    balanced = fit([large, Sample(*small)])
    repeated = fit([large, Sample(small[0] * 10, small[1] * 10)])
    assert balanced == repeated


def test_classes_that_do_not_overlap_still_give_a_line_that_config_takes() -> None:
    line = fit([Sample((0.99,) * 5, (0.01,) * 5)])
    assert line is not None
    assert 0.01 <= line.slope <= 10
    assert calibrated(0.99, line) > 0.9 > 0.1 > calibrated(0.01, line)


def test_without_one_of_the_classes_there_is_no_line() -> None:
    assert fit([Sample((0.9,), ())]) is None
    assert fit([Sample((), (0.1,))]) is None
    assert fit([]) is None


def test_a_line_for_sources_that_agree_helps_on_the_one_held_out() -> None:
    samples = {f"lab{n}": Sample(spread(4, 500, n), spread(2, 500, n + 50)) for n in range(4)}
    found = held_out(samples)
    assert found is not None
    before, after = found
    assert after.brier < before.brier
    assert after.log_loss < before.log_loss


def one_sided(offsets: tuple[float, ...]) -> list[Sighting]:
    """Of each source people and attacks whose logits lie 2 apart, about an offset of its own."""
    return [
        sighting(label, spread(offset + side, 40, number), species=kind, source=f"lab{number}")  # type: ignore[arg-type]
        for number, offset in enumerate(offsets)
        for label, side, kind in (("bonafide", 1.0, ""), ("attack", -1.0, "print"))
    ]


def test_a_line_that_helps_on_sources_held_out_is_proposed() -> None:
    proposal = propose(one_sided((3.0, 3.1, 2.9)), BY, Wish("bpcer", 0.05))
    assert proposal.fitted is not None
    assert proposal.line == proposal.fitted
    assert proposal.line.intercept < -1.0


def test_a_line_that_harms_on_sources_held_out_is_told_and_not_proposed() -> None:
    proposal = propose(one_sided((4.0, -4.0)), BY, Wish("bpcer", 0.05))
    assert proposal.fitted not in (None, IDENTITY)
    assert proposal.line == IDENTITY
    assert "the score is proposed as it is" in "\n".join(lines(proposal))
    assert "calibration_slope: 1.0" in fragment(proposal, "kioskd calibrate", ())


# -- the choice


def test_clearly_parted_scores_cost_nothing() -> None:
    proposal = propose(presentations(0.9, 0.1), BY, Wish("bpcer", 0.05))
    assert proposal.kept
    assert (proposal.chosen.apcer, proposal.chosen.refused.hits) == (0.0, 0)
    assert proposal.chosen.caught.hits == 3
    assert all(
        (held.price.apcer, held.price.refused.hits) == (0.0, 0) for held in proposal.held_out
    )


def test_of_choices_that_cost_the_same_the_strictest_is_taken() -> None:
    proposal = propose(presentations(0.9, 0.1), BY, Wish("bpcer", 0.05))
    higher = [price for price in proposal.around if price.choice.live > proposal.chosen.choice.live]
    assert all(not price.keeps(proposal.wish) for price in higher)


def test_a_wish_that_no_choice_keeps_is_said_to_be_unkept() -> None:
    hopeless = sighting("bonafide", [1e-6] * 20, source="lab0", name="hopeless")
    proposal = propose([*presentations(0.99, 0.01), hopeless], BY, Wish("bpcer", 0.0))
    assert not proposal.kept
    assert proposal.chosen.refused.hits == 1
    assert "no choice keeps it" in "\n".join(lines(proposal))
    assert "NOT REACHED" in fragment(proposal, "kioskd calibrate", ())


def test_the_worst_species_is_the_one_that_is_bounded() -> None:
    """Prints score low and replays high: a wish for 3 % must look at the replays."""
    data = presentations(0.95, 0.05) + [
        s
        for s in presentations(0.95, 0.7, species="replay")
        if s.presentation.truth.label == "attack"
    ]
    proposal = propose(data, BY, Wish("apcer", 0.03))
    assert proposal.kept
    assert all(found.hits == 0 for _, found in proposal.chosen.species)
    line = proposal.line
    assert proposal.chosen.choice.live > calibrated(0.7, line)


def test_a_person_who_never_could_be_judged_is_not_counted_as_refused() -> None:
    unseen = sighting("bonafide", [None] * 20, source="lab0", name="nobody")
    proposal = propose([*presentations(0.9, 0.1), unseen], BY, Wish("bpcer", 0.0))
    assert (proposal.chosen.refused.hits, proposal.chosen.refused.of) == (0, 3)


def test_recordings_of_live_people_alone_give_thresholds_but_no_line() -> None:
    people = [s for s in presentations(0.9, 0.1) if s.presentation.truth.label == "bonafide"]
    proposal = propose(people, BY, Wish("bpcer", 0.05))
    assert proposal.fitted is None
    assert proposal.line == Calibration()
    assert proposal.chosen.choice.live == 0.9
    with pytest.raises(CalibrationError, match="no attack"):
        propose(people, BY, Wish("apcer", 0.05))


def test_attacks_alone_give_nothing_to_choose_by() -> None:
    attacks = [s for s in presentations(0.9, 0.1) if s.presentation.truth.label == "attack"]
    with pytest.raises(CalibrationError, match="no bona fide"):
        propose(attacks, BY, Wish("apcer", 0.05))


@pytest.mark.parametrize("scheme", ["hybrid_unimodal", "strict_multimodal"])
def test_the_fragment_is_what_a_door_takes(tmp_path: Path, scheme: str) -> None:
    by = Judging(RgbSettings(detection_scheme=scheme), GateSettings(), "on")
    proposal = propose(presentations(0.9, 0.1), by, Wish("bpcer", 0.05))
    config = with_section(tmp_path, fragment(proposal, "kioskd calibrate", ("hybrid x:1",)))
    assert check(config) == ()
    mode = load(config).doors[0].mode
    assert isinstance(mode, RgbSettings)
    assert mode.liveness_detection_threshold == proposal.chosen.choice.live
    assert mode.plan.calibration == proposal.line


def with_section(folder: Path, section: str) -> Path:
    """A configuration whose door has this rgb_liveness section."""
    config = folder / "config.yaml"
    door = "".join(f"    {line}\n" for line in section.splitlines())
    (folder / "clip.mov").touch()
    config.write_text(
        "site: hq\ndevice: kiosk\nmqtt:\n  broker: embedded\n"
        "feeds:\n  camera:\n    kind: file\n    path: clip.mov\n"
        "doors:\n  main:\n    mode: secure_access_rgb_liveness\n    feed: camera\n" + door
    )
    return config


# -- the command


def test_the_command_writes_a_fragment_from_clips(tmp_path: Path) -> None:
    for label, clip in (("bonafide", "live.mov"), ("attack_tablet", "attack.mp4")):
        (tmp_path / "data" / label).mkdir(parents=True)
        shutil.copy(CLIPS / clip, tmp_path / "data" / label / clip)
    (tmp_path / "data" / "bonafide" / "empty.mp4").touch()
    made = tmp_path / "fragment.yaml"
    settings = ("-c", str(ROOT / "config.yaml"), "--write", str(made))
    run = calibrate(str(tmp_path / "data"), *settings, "--bpcer", "5")
    assert run.returncode == 0, run.stderr
    assert "bonafide/empty.mp4: nothing could be judged" in run.stdout
    assert "APCER tablet: 0.0 %" in made.read_text()
    assert check(with_section(tmp_path, made.read_text())) == ()


@pytest.mark.parametrize("wish", [(), ("--bpcer", "5", "--apcer", "3")])
def test_the_command_wants_one_wish(wish: tuple[str, ...]) -> None:
    run = calibrate(".", *wish)
    assert run.returncode == 2
    assert "either --bpcer or --apcer" in run.stderr


def calibrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kioskd", "calibrate", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
