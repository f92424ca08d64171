"""An evaluation decides as a door does, and counts against itself where it is in doubt."""

from dataclasses import replace
from pathlib import Path

import pytest

from feeds.feed_settings import FileSource
from feeds.frame import Frame
from feeds.sources import VideoReader
from kioskd.config.load import load
from kioskd.evaluation.dataset import Presentation, Truth
from kioskd.evaluation.decide import Judging, decide, gate_reasons, run, steps
from kioskd.evaluation.door_replay import Frame as ReadyFrame
from kioskd.evaluation.report import by_label, gate_found, scheme_report
from kioskd.evaluation.sight import Sight, Sighting, roles
from kioskd.event import Result
from kioskd.modes.confirm import FORGETFUL
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Observation
from models.perceive import Perceiver, PerceptionSettings
from models.session import Networks
from tests.support.eyes import shown_to
from tests.support.sightings import sighting

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "kioskd" / "demo" / "clips"
LIVE, FAKE, DOUBT = 0.9, 0.1, 0.5
STILL_TOO = GateSettings(minimum_change=0.0)  # the first frame may count
BY = Judging(RgbSettings(detection_scheme="hybrid_unimodal"), STILL_TOO, "on")


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks.load(roles(), "cpu")


def at_the_door(networks: Networks, clip: Path, mode: RgbMode) -> list[Result]:
    """The results of a judge: measured frame by frame, and only as far as the mode asks."""
    perceiver, reader = (
        Perceiver(networks, PerceptionSettings()),
        VideoReader(FileSource(str(clip))),
    )
    results, number = [], 0
    while (shot := reader.read()) is not None:
        at = shot.position_s or 0.0
        frame = Frame("evaluate", number, 0, at, at, shot.image)
        if result := shown_to(mode, perceiver, frame).result:
            results.append(replace(result, scores={}, captured_at=0.0))
        number += 1
    return results


@pytest.fixture(scope="module", params=["live.mov", "attack.mp4"])
def sighted(request: pytest.FixtureRequest, networks: Networks) -> Sighting:
    clip = CLIPS / request.param
    presentation = Presentation(clip.name, Truth("bonafide", "", "x", "x"), (clip,))
    return Sight(networks, PerceptionSettings()).look(presentation)


@pytest.mark.parametrize("scheme", ["fused_multimodal", "strict_multimodal"])
def test_what_was_sighted_once_is_decided_as_at_the_door(
    networks: Networks, sighted: Sighting, scheme: str
) -> None:
    (door,) = load(ROOT / "config.yaml").doors
    assert isinstance(door.mode, RgbSettings)
    rgb = replace(door.mode, detection_scheme=scheme)
    told = steps(sighted.frames, Judging(rgb, door.gate, "on"))
    results = [
        replace(step.result, scores={}, captured_at=0.0) for step in told if step.result is not None
    ]
    clip = sighted.presentation.files[0]
    assert results == at_the_door(networks, clip, RgbMode(rgb, door.gate))
    assert results
    assert sighted.repeated == 0


@pytest.mark.parametrize("scheme", ["fused_multimodal", "strict_multimodal"])
def test_a_run_says_the_same_whatever_runs_were_given_its_frames_before(
    sighted: Sighting, scheme: str
) -> None:
    rgb = RgbSettings(detection_scheme=scheme)
    first, *others = (
        replace(rgb, liveness_detection_threshold=live, fake_detection_threshold=fake)
        for live, fake in ((0.9, 0.5), (0.3, 0.2))
    )
    frames = [ReadyFrame(seen) for seen in sighted.frames]
    for each in (first, *others, replace(first, calibration_intercept=-3.0), first):
        by = Judging(each, GateSettings(), "on")
        assert run(frames, by) == steps(sighted.frames, by)


@pytest.mark.parametrize(("scheme", "times"), [("hybrid_unimodal", 1), ("strict_multimodal", 2)])
def test_a_frame_is_scored_anew_only_where_a_threshold_changes_its_score(
    scheme: str, times: int
) -> None:
    scored = []

    def scoring(seen: Observation) -> Observation:
        scored.append(seen)
        return seen

    frame = ReadyFrame(sighting("bonafide", [LIVE]).frames[0])
    for live in (0.6, 0.7):
        rgb = RgbSettings(detection_scheme=scheme, liveness_detection_threshold=live)
        frame.scored(Judging(rgb, STILL_TOO, "on").rule, scoring)
    assert len(scored) == times


def test_ten_live_frames_open_and_eleven_fake_ones_are_called_an_attack() -> None:
    assert decide(sighting("bonafide", [LIVE] * 20), BY).outcome == "live"
    found = decide(sighting("attack", [FAKE] * 20, species="print"), BY)
    assert (found.outcome, found.frames) == ("attack", 11)
    assert found.after_s == pytest.approx(1.0)


def test_an_attack_that_opens_at_the_second_try_has_opened_the_door() -> None:
    scores = [FAKE] * 11 + [None] * 25 + [LIVE] * 10
    by = replace(BY, rgb=replace(BY.rgb, caution=FORGETFUL))
    assert decide(sighting("attack", scores, species="print"), by).outcome == "live"
    assert decide(sighting("attack", scores, species="print"), BY).outcome == "attack"


def test_a_person_called_an_attack_at_first_counts_as_refused_even_if_let_in_later() -> None:
    scores = [FAKE] * 11 + [None] * 25 + [LIVE] * 10
    assert decide(sighting("bonafide", scores), BY).outcome == "attack"


def test_neither_live_nor_attack_is_no_response() -> None:
    assert decide(sighting("bonafide", [DOUBT] * 40), BY).outcome == "none"
    assert decide(sighting("bonafide", []), BY).outcome == "none"
    assert decide(sighting("bonafide", [None] * 20), BY).outcome == "none"
    assert decide(sighting("bonafide", [LIVE] * 5), BY).outcome == "none"


def test_time_counts_from_the_first_frame_with_a_face() -> None:
    found = decide(sighting("bonafide", [None] * 10 + [LIVE] * 20), BY)
    assert found.frames == 6
    assert found.after_s == pytest.approx(0.5)


def test_a_door_that_asks_for_change_waits_until_it_has_seen_some() -> None:
    """The first frame shows none, and of fewer than five differences nothing is said."""
    found = decide(sighting("bonafide", [LIVE] * 20), replace(BY, gate=GateSettings()))
    assert (found.outcome, found.frames) == ("live", 5 + 6)


def test_with_the_gate_off_images_without_a_face_are_passed_over() -> None:
    scores = [score for _ in range(10) for score in (LIVE, None, None, None, None, None)]
    assert decide(sighting("bonafide", scores), BY).outcome == "none"
    assert decide(sighting("bonafide", scores), replace(BY, gate_use="off")).outcome == "live"


def test_with_the_gate_off_nothing_that_has_a_face_is_refused() -> None:
    frames = sighting("bonafide", [LIVE] * 5).frames
    strict = GateSettings(minimum_face_size_px=1000.0)
    assert all(gate_reasons(frames, Judging(RgbSettings(), strict, "on")))
    assert not any(gate_reasons(frames, Judging(RgbSettings(), strict, "off")))


def test_a_report_tells_which_values_failed_the_gate_beside_their_limit() -> None:
    data = [sighting("bonafide", [LIVE] * 5), sighting("attack", [LIVE] * 3)]
    wide, high = (data[0].frames[0].faces[0].box[at + 2] for at in (0, 1))
    x, y, *_ = data[0].frames[0].faces[0].box
    size = max(wide - x, high - y)
    strict = replace(BY, gate=GateSettings(minimum_face_size_px=size + 200.0, minimum_change=0.0))
    found = gate_found(by_label(data, strict))
    for label, frames in (("bonafide", 5), ("attack", 3)):
        words = found[label]["minimum_face_size_px"]
        assert words.endswith(f"px, at least {size + 200:g} px, in {frames} frames")
    assert gate_found(by_label(data, replace(BY, gate_use="off"))) == {"bonafide": {}, "attack": {}}


def test_a_report_counts_presentations_subjects_and_errors_by_species_worst_first() -> None:
    data = [
        sighting("bonafide", [LIVE] * 20, subject="anna"),
        sighting("bonafide", [FAKE] * 20, subject="anna"),
        sighting("bonafide", [DOUBT] * 40, subject="ben"),
        *(sighting("attack", [FAKE] * 20, species="print", subject=s) for s in "ab"),
        sighting("attack", [LIVE] * 20, species="replay"),
        sighting("attack", [DOUBT] * 40, species="replay"),
    ]
    found = scheme_report(data, BY)
    replay, print_ = found.species
    assert (replay.name, replay.errors.hits, replay.no_response.hits) == ("replay", 1, 1)
    assert (print_.name, print_.errors.hits, print_.subjects) == ("print", 0, 2)
    assert replay.errors.share == 0.5
    assert found.bona_fide is not None
    assert (found.bona_fide.subjects, found.bona_fide.presentations) == (2, 3)
    assert (found.bona_fide.errors.hits, found.bona_fide.no_response.hits) == (1, 1)
    assert {mistake.state for mistake in found.worst} == {"LIVENESS_CONFIRMED", "NOTLIVE_CONFIRMED"}
    assert found.no_response_reasons == {"bonafide": {"undecided": 1}, "attack": {"undecided": 1}}


@pytest.mark.parametrize(
    ("score", "outcome", "reasons"),
    [(LIVE, "live", ()), (FAKE, "attack", ()), (DOUBT, "none", ("undecided",))],
)
def test_a_still_image_is_judged_as_one_frame(
    score: float, outcome: str, reasons: tuple[str, ...]
) -> None:
    """Whatever the window, and though nobody can see how it changes."""
    found = decide(sighting("bonafide", [score]), replace(BY, gate=GateSettings()))
    assert (found.outcome, found.reasons) == (outcome, reasons)


def test_a_still_image_that_the_gate_refuses_is_no_response_with_its_reason() -> None:
    strict = replace(BY, gate=GateSettings(minimum_face_size_px=1000.0))
    found = decide(sighting("attack", [LIVE]), strict)
    assert (found.outcome, found.reasons) == ("none", ("face_too_small",))
    assert decide(sighting("attack", [None]), BY).outcome == "none"


def test_every_presentation_has_a_row_that_says_what_came_of_it() -> None:
    data = [
        sighting("bonafide", [LIVE] * 20, name="opens"),
        sighting("bonafide", [None] * 5 + [DOUBT] * 40, name="doubt"),
        sighting("attack", [FAKE] * 45, species="print", name="caught"),
        sighting("attack", [FAKE], species="print", name="still"),
        Sighting(sighting("attack", [], species="mask", name="cut").presentation, (), ("x",), 0, 1),
    ]
    found = scheme_report(data, BY)
    told = [(row.presentation, row.outcome, row.still, row.reasons) for row in found.rows]
    assert told == [
        ("opens", "live", False, ()),
        ("doubt", "none", False, ("undecided",)),
        ("caught", "attack", False, ()),
        ("still", "attack", True, ()),
        ("cut", "unreadable", False, ("unreadable",)),
    ]
    opens, doubt, caught, _, cut = found.rows
    assert opens.mean_score == pytest.approx(LIVE)
    assert (doubt.frames, doubt.fit_frames, doubt.attempts) == (45, 40, 2)
    assert caught.after_s is not None
    assert caught.seconds == pytest.approx(4.4)
    assert (cut.mean_score, cut.unread) == (None, 1)
    mask = next(group for group in found.species if group.name == "mask")
    assert (mask.presentations, mask.errors.of, mask.unreadable) == (0, 0, 1)


def test_the_error_of_clips_is_that_of_their_mean_scores() -> None:
    data = [
        sighting("bonafide", [0.9, 0.8, 0.1]),  # single frames overlap, means do not
        sighting("bonafide", [0.7, 0.6]),
        sighting("attack", [0.5, 0.2], species="print"),
        sighting("attack", [0.1, 0.4], species="print"),
    ]
    found = scheme_report(data, BY)
    assert found.clips.eer == 0.0
    assert (found.clips.bona_fide, found.clips.attack) == (2, 2)
    assert found.frames.eer is not None
    assert found.frames.eer > 0.0
