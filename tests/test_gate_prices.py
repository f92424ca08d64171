"""What a key of the gate costs and buys: drawn presentations whose right answer is known."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from kioskd.evaluation.decide import Judging, decide, fit_reasons
from kioskd.evaluation.error_measures import auc, auc_of_counts
from kioskd.evaluation.gate_keys import (
    GROUPS,
    MOST,
    REASONS,
    Key,
    keys,
    ladder,
    names,
    not_asked,
)
from kioskd.evaluation.gate_prices import KeyPrices, Price, Pricing
from kioskd.evaluation.gate_sentences import in_a_word, shown, verdict
from kioskd.evaluation.sight import Sighting
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.setting import Number
from models.observation import Box, Face, HeadPose, ImageQuality
from models.schemes import FUSED, SCHEMES
from tests.support.sightings import BOX, sighting

LIVE, FAKE = 0.9, 0.1
SECONDS = 6  # longer than an attempt may take, so that one which comes to nothing ends
FRAMES = 10 * SECONDS
EVERY = list(keys(GateSettings(numbers="safr"), FUSED))  # which asks for every key
BY = Judging(RgbSettings(), GateSettings(), "on")
HYBRID = replace(BY, rgb=RgbSettings(detection_scheme="hybrid_unimodal"))


def wide(px: float) -> Box:
    return 250.0, 150.0, 250.0 + px, 150.0 + px


def with_faces(seen: Sighting, **changed: object) -> Sighting:
    """The same, with something else measured on every face."""
    frames = (
        replace(frame, faces=tuple(replace(face, **changed) for face in frame.faces))  # type: ignore[arg-type]
        for frame in seen.frames
    )
    return replace(seen, frames=tuple(frames))


def living(count: int, **changed: object) -> list[Sighting]:
    found = [sighting("bonafide", [LIVE] * FRAMES, subject=f"p{n}") for n in range(count)]
    return [with_faces(seen, **changed) for seen in found]


def attacks(count: int, score: float = LIVE, **changed: object) -> list[Sighting]:
    found = [sighting("attack", [score] * FRAMES, species="print") for _ in range(count)]
    return [with_faces(seen, **changed) for seen in found]


def priced(key: str, sightings: Sequence[Sighting], by: Judging = BY) -> KeyPrices:
    """One key's prices, the others as `by` has them."""
    pricing = Pricing([by], [key])
    for seen in sightings:
        pricing.add(seen)
    (scheme,) = pricing.report("drawn", {}).schemes
    return scheme.keys[0]


def alone(prices: KeyPrices, value: float | str) -> Price:
    return next(price for price in prices.alone if price.value == value)


# -- known answers


def test_faces_of_120_px_are_the_whole_price_of_asking_for_150() -> None:
    found = priced("minimum_face_size_px", [*living(4, box=wide(120)), *attacks(3, box=wide(120))])
    at_100, at_150 = found.at(100.0), found.at(150.0)
    assert (at_100.living.opened.hits, at_100.living.away.hits) == (4, 0)
    assert (at_150.living.none.hits, at_150.living.away.hits, at_150.living.away.of) == (4, 4, 4)
    assert (at_100.attacks.opened.hits, at_150.attacks.away.hits) == (3, 3)
    assert (at_100.frames.bpcer.of, at_150.frames.bpcer.of) == (4 * FRAMES, 0)
    assert (found.configured, found.shipped, found.off.value) == (100.0, 100.0, None)


def test_only_those_who_are_too_small_pay() -> None:
    people = [*living(3, box=wide(90)), *living(5)]
    found = priced("minimum_face_size_px", people)
    assert found.at(100.0).living.away.hits == 3
    assert found.at(100.0).living.opened.hits == 5
    assert found.at(70.0).living.away.hits == 0


def test_an_attempt_that_came_to_nothing_by_the_key_is_counted_and_no_other() -> None:
    """An attack that is called one ends an attempt too, but not by the gate."""
    people = [*living(2, box=wide(90)), *living(1)]
    found = priced("minimum_face_size_px", [*people, *attacks(2, FAKE)]).at(100.0)
    assert (found.living.stopped.hits, found.living.stopped.of) == (2, 3)
    assert (found.attacks.stopped.hits, found.attacks.stopped.of) == (0, 2)


def test_an_attempt_that_another_key_ended_is_not_counted() -> None:
    dim = ImageQuality(0.8, 0.8, 0.05)
    found = priced("minimum_face_size_px", living(2, quality=dim)).at(100.0)
    assert (found.living.none.hits, found.living.stopped.hits, found.living.stopped.of) == (2, 0, 2)


def test_what_another_key_refuses_anyway_is_no_price_but_the_key_alone_has_it() -> None:
    people = living(4, box=wide(90), quality=ImageQuality(0.2, 0.8, 0.5))
    found = priced("minimum_sharpness", people)
    assert found.at(0.25).living.none.hits == 4
    assert (found.at(0.25).living.away.hits, found.at(0.25).living.stopped.hits) == (0, 0)
    assert [alone(found, value).living.opened.hits for value in (0.2, 0.25)] == [4, 0]
    assert alone(found, 0.25).living.away.hits == 4
    assert in_a_word(found.at(0.25), found.off) == "others refuse all"


def test_frames_are_counted_at_the_shipped_threshold_among_those_that_pass() -> None:
    """Large faces are told rightly, small ones wrongly: what passes errs less and less."""
    people = [*living(1), *living(1, box=wide(90))]
    wrong = with_faces(sighting("bonafide", [0.5] * FRAMES), box=wide(90))
    fooled = with_faces(sighting("attack", [0.7] * FRAMES, species="print"), box=wide(90))
    found = priced("minimum_face_size_px", [*people, wrong, *attacks(1, FAKE), fooled])
    for price, refused, accepted in ((found.at(70.0), 1 / 3, 1 / 2), (found.at(100.0), 0.0, 0.0)):
        assert price.frames.bpcer.share == pytest.approx(refused)
        assert price.frames.apcer.share == pytest.approx(accepted)
    assert found.at(70.0).frames.auc == pytest.approx((1 + 1 + 0.5) / 3)
    assert found.at(100.0).frames.auc == 1.0


def test_still_images_are_in_no_figure_of_a_key_about_movement() -> None:
    stills = [sighting("bonafide", [LIVE]), sighting("attack", [FAKE], species="print")]
    found = priced("maximum_drift", [*stills, *living(1)])
    assert (found.still_images, found.at(0.1).living.opened.of) == (2, 1)
    assert found.at(0.1).attacks.opened.of == 0
    size = priced("minimum_face_size_px", stills)
    assert (size.still_images, size.at(150.0).living.opened.of) == (0, 1)


def test_a_still_image_is_one_attempt() -> None:
    found = priced("minimum_face_size_px", [with_faces(sighting("bonafide", [LIVE]), box=wide(90))])
    assert (found.at(100.0).living.stopped.hits, found.at(100.0).living.stopped.of) == (1, 1)


def test_a_person_who_stands_behind_is_the_price_of_one_face_only() -> None:
    second = Face(2, wide(150), 0.9, True)
    (one,) = living(1)
    crowd = replace(one, frames=tuple(replace(f, faces=(*f.faces, second)) for f in one.frames))
    found = priced("face_policy", [crowd])
    assert (found.off.value, found.off.living.opened.hits) == ("largest", 1)
    assert found.at("one").living.away.hits == 1
    behind = priced("bystander_share", [crowd])
    assert (behind.off.living.opened.hits, behind.at(0.5).living.opened.hits) == (1, 0)
    assert (alone(behind, 0.8).living.opened.hits, alone(behind, 0.7).living.opened.hits) == (1, 0)


# -- several keys together


def test_keys_that_refuse_the_same_frames_have_their_price_together() -> None:
    aside = living(3, pose=HeadPose(30.0, 0.0, 0.0), centre_pose_quality=0.3)
    for name in ("maximum_yaw_deg", "minimum_centre_pose_quality"):
        found = priced(name, aside)
        assert found.at(found.shipped).living.away.hits == 0
    found = priced("where the head points", aside)
    assert (found.off.value, found.at("on").living.away.hits) == ("off", 3)
    assert priced("where the face is", aside).at("on").living.away.hits == 0


def test_the_whole_gate_is_priced_against_no_gate_at_all() -> None:
    people = [*living(2, box=wide(90)), *living(1, quality=ImageQuality(0.1, 0.8, 0.5)), *living(1)]
    found = priced("the whole gate", [*people, *attacks(1, box=wide(90))])
    assert (found.at("on").living.away.hits, found.at("on").attacks.away.hits) == (3, 1)
    assert found.off.living.opened.hits == 4
    assert found.at("on").living.stopped.hits == 3


def test_every_key_is_in_one_part_of_the_gate() -> None:
    assert sorted(key for part in GROUPS.values() for key in part) == sorted(names())


# -- the same as at a door, at every value of every key

STEPS = 40  # frames of a walk


def walks() -> list[Sighting]:
    """People and attacks that wander through every limit of the gate, frame by frame."""
    random = np.random.default_rng(11)

    def wander(low: float, high: float) -> list[float]:
        at, step = random.uniform(low, high), (high - low) / 12
        found = []
        for _ in range(STEPS):
            at = min(max(at + random.normal(0.0, step), low), high)
            found.append(float(at))
        return found

    def walk(label: str, score: float) -> Sighting:
        base = sighting(label, [score] * STEPS, species="print" * (label == "attack"))  # type: ignore[arg-type]
        size, x, y = wander(60, 400), wander(150, 170), wander(100, 115)
        sharp, dark, change = wander(0.1, 0.9), wander(0.05, 0.95), wander(0.0, 1.0)
        yaw, pitch, roll = wander(-35, 35), wander(-30, 30), wander(-30, 30)
        frames = []
        for n, frame in enumerate(base.frames):
            face = replace(
                frame.faces[0],
                box=(x[n], y[n], x[n] + size[n], y[n] + size[n]),
                quality=ImageQuality(sharp[n], sharp[n], dark[n]),
                change=change[n],
                pose=HeadPose(yaw[n], pitch[n], roll[n]),
                centre_pose_quality=math.cos(math.radians(2 * yaw[n])) if abs(yaw[n]) < 45 else 0.0,
            )
            frames.append(replace(frame, faces=(face,)))
        return replace(base, frames=tuple(frames))

    return [walk("bonafide", LIVE) for _ in range(2)] + [walk("attack", 0.7) for _ in range(2)]


WALKS = walks()
LOOSE = GateSettings(
    minimum_face_size_px=80.0,
    maximum_drift=0.5,
    minimum_sharpness=0.15,
    minimum_brightness=0.1,
    maximum_yaw_deg=30.0,
    maximum_pitch_deg=28.0,
    maximum_roll_deg=28.0,
    minimum_centre_pose_quality=0.4,
)


def door(key: Key, value: float | str, by: Judging, *, single: bool) -> dict[str, int]:
    """What a door with this gate does, each presentation run by itself."""
    judging = replace(by, gate=(key.alone if single else key.together)(by.gate, value))
    found = {"through": 0, "opened": 0}
    for seen in WALKS:
        found["through"] += sum(not reasons for reasons in fit_reasons(seen, judging))
        found["opened"] += decide(seen, judging).outcome == "live"
    return found


@pytest.mark.parametrize("name", [n for n in names() if not n.startswith("numbers")])
def test_every_price_is_what_a_door_with_that_value_does(name: str) -> None:
    by = replace(HYBRID, gate=replace(LOOSE, hybrid_margin_left=0.2, hybrid_margin_above=0.1))
    (key,) = keys(by.gate, "hybrid_unimodal", [name])
    found = priced(name, WALKS, by)
    some = 0
    for place, price in enumerate(found.together):
        for single, one in ((False, price), (True, found.alone[place])):
            expected = door(key, key.values[place], by, single=single)
            assert one.frames.bpcer.of + one.frames.apcer.of == expected["through"]
            assert one.living.opened.hits + one.attacks.opened.hits == expected["opened"]
            some += expected["through"]
    assert some > 0
    for value in key.values[len(found.together) :]:  # not shown, for there is nothing to show
        assert door(key, value, by, single=True)["through"] == 0


# -- keys and their values


def test_every_key_of_the_gate_has_a_price_under_some_scheme() -> None:
    safr = GateSettings(numbers="safr")
    assert [key.name for key in keys(safr, FUSED)] == list(names())
    assert set(REASONS) == set(names())


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_key_is_asked_or_it_is_said_why_not(scheme: str) -> None:
    asked = {key.name for key in keys(GateSettings(), scheme)}
    told = " ".join(not_asked(GateSettings(), scheme, names()))
    assert {name for name in names() if name in told.replace("numbers: own", "")} >= (
        set(names()) - asked
    )
    margins = {name for name in asked if name.startswith("hybrid_")}
    assert bool(margins) == (scheme in ("hybrid_unimodal", "context_multimodal"))
    assert ("numbers" in asked) == (scheme == FUSED)


def test_a_share_of_bystanders_is_not_asked_where_the_largest_face_counts() -> None:
    largest = GateSettings(face_policy="largest")
    assert "bystander_share" not in {key.name for key in keys(largest, FUSED)}


@pytest.mark.parametrize("key", EVERY, ids=lambda key: key.name)
def test_values_go_from_off_to_the_strictest_within_the_settings_own_limits(key: Key) -> None:
    assert len(set(key.values)) == len(key.values) <= MOST + 5
    assert {key.configured, key.shipped} <= set(key.values)
    if not isinstance(key.note, Number):
        return
    written = [value for value in key.values if key.written(value) is not None]
    assert {key.note.low, key.note.high} <= set(written)
    assert all(key.written(value) is not None for value in key.values[1:])
    numbers = [float(value) for value in key.values]
    assert numbers in (sorted(numbers), sorted(numbers, reverse=True))
    assert ("maximum" in key.name or key.name == "bystander_share") == (numbers[0] > numbers[-1])


@pytest.mark.parametrize("key", EVERY, ids=lambda key: key.name)
def test_a_key_off_refuses_nobody_and_at_its_strictest_says_its_own_reason(key: Key) -> None:
    by = replace(BY, gate=GateSettings(numbers="safr"))
    face = replace(
        sighting("bonafide", [LIVE]).frames[0].faces[0],
        box=(100.0, 100.0, 200.0, 200.0),
        quality=ImageQuality(0.5, 0.5, 0.5),
        pose=HeadPose(15.0, 15.0, 15.0),
        centre_pose_quality=0.5,
    )
    other = Face(2, (5.0, 5.0, 85.0, 85.0), 0.9, True)
    base = sighting("bonafide", [LIVE] * 20)
    moved = (replace(face, box=(100.0 + 3 * n, 100.0, 200.0 + 3 * n, 200.0)) for n in range(20))
    frames = (
        replace(frame, width=320, height=260, faces=(one, other))
        for frame, one in zip(base.frames, moved, strict=True)
    )
    seen = replace(base, frames=tuple(frames))

    def reasons(value: float | str) -> set[Reason]:
        judging = replace(by, gate=key.alone(by.gate, value))
        return {reason for frame in fit_reasons(seen, judging) for reason in frame}

    assert not reasons(key.off) & set(key.reasons)
    strictest = reasons(key.values[-1])
    assert strictest
    assert strictest <= {*key.reasons}


@pytest.mark.parametrize(
    ("low", "high", "shipped"), [(0.0, 1.0, 0.5), (40.0, 2000.0, 100.0), (0.0, 20.0, 0.15)]
)
def test_a_ladder_is_finer_where_the_default_lies(low: float, high: float, shipped: float) -> None:
    found = ladder(Number(low, high, "", ""), shipped)
    assert (found[0], found[-1]) == (low, high)
    assert len(found) <= MOST + 2
    assert min(abs(each - shipped) for each in found) <= 0.5 * shipped
    assert sum(each < shipped for each in found) >= 2


# -- words


def test_sentences_tell_the_price_with_counts_and_intervals() -> None:
    found = priced(
        "minimum_face_size_px", [*living(3, box=wide(90)), *living(9), *attacks(2, box=wide(90))]
    )
    told = " ".join(verdict(found, 100.0))
    assert "It keeps out 3 of 12 living presentations (25.0 %, 8.9 to 53.2)" in told
    assert "It stops 2 of 2 attacks (100.0 %, 34.2 to 100.0)" in told
    assert "0 open it with it and 2 without" in told
    assert in_a_word(found.at(100.0), found.off) == "costs and buys"


@pytest.mark.parametrize(
    ("people", "word"),
    [
        ([*living(1), *attacks(1)], "nothing here"),
        ([*living(1, box=wide(90)), *attacks(1)], "costs only"),
        ([*living(1), *attacks(1, box=wide(90))], "buys only"),
        ([*living(1), *attacks(1, FAKE, box=wide(90))], "decides nothing"),
    ],
)
def test_a_key_in_a_word(people: list[Sighting], word: str) -> None:
    found = priced("minimum_face_size_px", people)
    assert in_a_word(found.at(100.0), found.off) == word


def test_without_one_class_it_is_said_what_cannot_be_told() -> None:
    found = priced("minimum_face_size_px", living(2, box=wide(90)))
    assert "There is no attack here, so what it buys cannot be told." in verdict(found, 100.0)
    assert found.at(100.0).frames.auc is None
    found = priced("minimum_face_size_px", attacks(2, box=wide(90)))
    assert any("what it costs cannot be told" in said for said in verdict(found, 100.0))


def test_a_value_has_its_unit_and_off_is_a_word() -> None:
    assert (shown(100.0, "px"), shown(None, "px"), shown("one"), shown(0.25)) == (
        *("100 px", "off"),
        *("one", "0.25"),
    )


# -- figures


def test_auc_of_counts_is_that_of_the_scores_themselves() -> None:
    random = np.random.default_rng(3)
    live, fake = random.integers(0, 20, 300), random.integers(0, 15, 200)
    counted = (np.bincount(each, minlength=20).astype(np.int64) for each in (live, fake))
    assert auc_of_counts(*counted) == pytest.approx(auc(live / 20, fake / 20))
    nothing = np.zeros(20, np.int64)
    assert auc_of_counts(nothing, nothing) is None


def test_unreadable_files_are_counted_apart_and_too_few_is_said() -> None:
    pricing = Pricing([BY])
    pricing.add(sighting("bonafide", [LIVE] * 20))
    cut = sighting("attack", [], species="print", name="cut")
    pricing.add(Sighting(cut.presentation, (), ("cut.mp4: is no video",), 0, 1))
    found = pricing.report("drawn", {}, ["a note"])
    assert (found.unread, found.presentations) == (1, {"bonafide": 1, "attack": 0})
    assert found.problems[0] == "a note"
    assert "could not be read" in found.problems[1]
    assert any("at least 30 are needed" in each for each in found.too_few)


def test_boxes_of_the_support_are_large_enough_for_every_gate() -> None:
    """So that what the tests above change is what is priced."""
    assert min(BOX[2] - BOX[0], BOX[3] - BOX[1]) >= 150
