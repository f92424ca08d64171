"""`kioskd calibrate`: the line, the choice of thresholds, and the fragment it writes."""

import shutil
from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from kioskd.config.load import check, load
from kioskd.evaluation import attack_table, least_data
from kioskd.evaluation.attack_table import TableError, table_of, write_table
from kioskd.evaluation.decide import Judging
from kioskd.evaluation.proposal_text import fragment, lines
from kioskd.evaluation.score_line import Sample, fit, held_out
from kioskd.evaluation.sight import Sighting
from kioskd.evaluation.threshold_choice import (
    Bound,
    CalibrationError,
    Choice,
    Wish,
    defaults,
    propose,
)
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.manifest import shipped
from models.schemes import IDENTITY, SCHEMES, Calibration, calibrated, uncalibrated
from tests.support.commands import kioskd
from tests.support.sightings import sighting

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "kioskd" / "demo" / "clips"
STILL_TOO = GateSettings(minimum_change=0.0)  # the first frame may count
ONE = RgbSettings(detection_scheme="hybrid_unimodal")  # its score is the one that a test chose
BY = Judging(ONE, STILL_TOO, "on")


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


def test_the_line_goes_through_the_log_odds_that_were_counted() -> None:
    # of 0.2 a quarter is bona fide, of 0.8 three quarters: a line through two points
    line = fit([Sample((0.2,) + 3 * (0.8,), 3 * (0.2,) + (0.8,))])
    assert line is not None
    assert line.slope == pytest.approx(log(3) / log(4), abs=0.01)
    assert line.intercept == pytest.approx(0.0, abs=0.01)


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


# -- never looser than the defaults


USUAL = RgbSettings()


def least(line: Calibration = IDENTITY) -> Bound:
    return defaults(line, cascade=False)


def test_the_bound_is_what_a_door_has_without_a_calibration() -> None:
    bound = least()
    assert (bound.frames, bound.ratio) == (10, 0.6)
    assert (bound.live, bound.fake) == (
        USUAL.liveness_detection_threshold,
        USUAL.fake_detection_threshold,
    )


@pytest.mark.parametrize("line", [Calibration(0.5, -1.0), Calibration(2.0, 1.5)])
def test_under_a_line_the_bound_is_at_the_same_score(line: Calibration) -> None:
    bound = least(line)
    assert uncalibrated(bound.live, line) == pytest.approx(0.6, abs=0.001)
    assert uncalibrated(bound.live, line) >= 0.6
    assert uncalibrated(bound.fake, line) >= 0.4


@pytest.mark.parametrize(
    ("data", "wish"),
    [
        ("parted", Wish("bpcer", 0.0)),
        ("low", Wish("bpcer", 0.3)),
        ("one_sided", Wish("apcer", 0.5)),
    ],
)
def test_nothing_looser_than_the_defaults_is_proposed(wish: Wish, data: str) -> None:
    """Even where a looser choice would cost nothing, and where only a looser one keeps the wish."""
    found = {
        "parted": presentations(0.9, 0.1),
        "low": presentations(0.4, 0.01),
        "one_sided": one_sided((3.0, -1.0, 0.5)),
    }[data]
    proposal = propose(found, BY, wish)
    assert proposal.looser == ()
    choice, bound = proposal.chosen.choice, least(proposal.line)
    assert (choice.frames, choice.ratio) >= (bound.frames, bound.ratio)
    assert uncalibrated(choice.live, proposal.line) >= 0.6 - 1e-9
    assert uncalibrated(choice.fake, proposal.line) >= 0.4 - 1e-9


def test_a_looser_choice_must_be_asked_for_and_says_so() -> None:
    """People who score 0.4 are refused at any threshold from the defaults' on."""
    people = site(0.4, people=3)
    strict = propose(people, BY, Wish("bpcer", 0.05))
    assert not strict.kept
    assert strict.chosen.choice.live >= 0.6
    assert "--allow-looser would choose" in "\n".join(lines(strict))
    loose = propose(people, BY, Wish("bpcer", 0.05), allow_looser=True)
    assert loose.kept
    assert loose.chosen.choice.live == 0.4
    assert loose.looser == ("liveness_detection_threshold 0.4 (at least 0.6)",)
    assert "# LOOSER THAN THE DEFAULT: liveness_detection_threshold 0.4" in fragment(
        loose, "kioskd calibrate --allow-looser", ()
    )


def test_where_attacks_are_at_hand_others_than_the_defaults_are_only_named() -> None:
    proposal = propose(presentations(0.4, 0.01), BY, Wish("bpcer", 0.0))
    assert not proposal.kept
    assert proposal.instead is None
    assert "--allow-looser tries others" in "\n".join(lines(proposal))


def test_every_setting_that_is_looser_is_named() -> None:
    choice = Choice(frames=5, ratio=0.5, live=0.5, fake=0.1, preliminary=0.2)
    named = defaults(IDENTITY, cascade=True).looser(choice)
    assert [each.split()[0] for each in named] == [
        "evaluate_liveness_over_n_frames",
        "minimum_confirmations_required",
        "liveness_detection_threshold",
        "fake_detection_threshold",
        "minimum_preliminary_liveness_threshold",
    ]


# -- a site's own living people


def site(*scores: float, people: int = 10, visits: int = 1) -> list[Sighting]:
    """People of one camera, each with visits of 20 frames; their scores come in turn."""
    return [
        sighting(
            "bonafide",
            [scores[person % len(scores)]] * 20,
            subject=str(person),
            source="door",
            name=f"{person}-{visit}",
        )
        for person in range(people)
        for visit in range(visits)
    ]


def test_a_site_moves_the_threshold_with_its_own_people_and_nothing_else() -> None:
    proposal = propose(site(0.95, people=20), BY, Wish("bpcer", 0.05))
    choice = proposal.chosen.choice
    assert proposal.site
    assert proposal.kept
    assert choice.live == 0.95
    assert (choice.frames, choice.ratio, choice.fake) == (10, 0.6, 0.4)


def test_at_most_the_wished_share_of_a_sites_people_is_refused() -> None:
    data = site(0.99, 0.98, 0.97, 0.96, 0.7, people=20)  # four of twenty score 0.7
    assert propose(data, BY, Wish("bpcer", 0.20)).chosen.choice.live == 0.95
    strict = propose(data, BY, Wish("bpcer", 0.19))
    assert strict.chosen.choice.live == 0.7
    assert strict.chosen.refused.hits == 0


def test_at_a_site_each_subject_is_judged_by_what_was_chosen_without_them() -> None:
    data = site(0.95, people=9) + site(0.7, people=10)[9:]
    proposal = propose(data, BY, Wish("bpcer", 0.0))
    assert len(proposal.held_out) == 10
    refused = [held.source for held in proposal.held_out if held.price.refused.hits]
    assert refused == ["door/9"]  # on the others 0.95 was chosen
    assert "Each subject judged by what was chosen without it" in lines(proposal)


# -- and what that does to attacks


SCORES = {
    "bonafide": {"a": [0.9, 0.95, 0.99, 0.5], "b": [0.97]},
    "print": {"a": [0.1, 0.2, 0.8, 0.96], "b": []},
    "phone": {"a": [0.01], "b": [0.02, 0.7]},
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "held_out.toml"
    write_table(path, {"hybrid_unimodal": SCORES}, about=["made up, for a test"])
    return path


def test_a_table_that_is_written_is_read_again(table: Path) -> None:
    found = table_of("hybrid_unimodal", table)
    assert (found.bona_fide.frames, found.bona_fide.sources) == (5, 2)
    assert (found.species["print"].frames, found.species["print"].sources) == (4, 1)
    for threshold in attack_table.THRESHOLDS:
        for species in ("print", "phone"):
            scores = [s for each in SCORES[species].values() for s in each]
            share = sum(s >= threshold for s in scores) / len(scores)
            assert found.accepted(species, threshold) == pytest.approx(share, abs=1e-4)
        live = [s for each in SCORES["bonafide"].values() for s in each]
        share = sum(s < threshold for s in live) / len(live)
        assert found.refused(threshold) == pytest.approx(share, abs=1e-4)


def test_a_species_keeps_its_name_whatever_is_in_it(tmp_path: Path) -> None:
    path, name = tmp_path / "held_out.toml", 'a "print", 2.0'
    write_table(path, {"hybrid_unimodal": {"bonafide": {"a": [0.9]}, name: {"a": [0.2]}}})
    assert set(table_of("hybrid_unimodal", path).species) == {name}


def test_between_two_thresholds_no_figure_flatters(table: Path) -> None:
    found = table_of("hybrid_unimodal", table)
    assert found.accepted("print", 0.805) == found.accepted("print", 0.80) == 0.5
    assert found.refused(0.905) == found.refused(0.91)
    assert (found.accepted("print", 0.001), found.refused(0.999)) == (1.0, 1.0)


def test_a_site_is_told_what_its_threshold_lets_in(table: Path) -> None:
    proposal = propose(site(0.95, people=20), BY, Wish("bpcer", 0.05))
    attacks = table_of("hybrid_unimodal", table)
    told = "\n".join(lines(proposal, attacks))
    assert "print, 4 of 1; bona fide, 5 of 2" in told
    (row,) = [line for line in told.splitlines() if line.strip().startswith("0.95 *")]
    assert row.split()[2:8] == ["0.0", "%", "25.0", "%", "40.0", "%"]  # phone, print, refused
    comment = fragment(proposal, "kioskd calibrate", (), attacks)
    assert "sources held out elsewhere: phone 0.0 %, print 25.0 %" in comment


LOW = {
    "bonafide": {"dim": [0.3] * 2 + [0.9] * 8, "bright": [0.9] * 20},
    "print": {"dim": [0.1, 0.2], "bright": [0.5, 0.01]},
    "phone": {"dim": [0.05], "bright": [0.01]},
}
WISH = Wish("bpcer", 0.05)


def told_of_looser(tmp_path: Path, scores: dict[str, dict[str, list[float]]], *own: float) -> str:
    """What a site is told whose people score `own`, where the table was measured on `scores`."""
    path = tmp_path / "held_out.toml"
    write_table(path, {"hybrid_unimodal": scores})
    proposal = propose(site(*own, people=20), BY, WISH)
    return "\n".join(lines(proposal, table_of("hybrid_unimodal", path)))


def test_what_is_looser_is_proposed_where_it_lets_in_no_attack_of_such_cameras(
    tmp_path: Path,
) -> None:
    """Prints of a bright camera get in; where the living score low too, no attack does."""
    told = told_of_looser(tmp_path, LOW, 0.4, 0.9)
    assert "liveness_detection_threshold 0.4 (at least 0.6)" in told
    assert "and refuse 0/20 in place of 10/20 of the visits of your people" in told
    assert "phone 0.0 % (0.0 %), print 25.0 % (0.0 %)" in told
    assert "where the living score low as here, 3 frames of 1 sources: 0.0 % (0.0 %)" in told
    assert "PROPOSED" in told
    assert "call this again with --allow-looser" in told


def test_the_people_who_would_get_in_are_counted_by_what_was_chosen_without_them() -> None:
    """One of twenty scores 0.2 alone: what is chosen on the others never lets them in."""
    people = site(0.4, people=20)[:19] + site(0.2, people=20)[19:]
    proposal = propose(people, BY, Wish("bpcer", 0.0))
    assert proposal.instead is not None
    assert proposal.instead.price.refused.hits == 0
    assert "what was chosen without them: 1/20 in place of 20/20" in "\n".join(lines(proposal))


def test_what_is_looser_is_not_proposed_where_it_lets_attacks_in(tmp_path: Path) -> None:
    costs = {**LOW, "print": {"dim": [0.1, 0.45]}}
    told = told_of_looser(tmp_path, costs, 0.4, 0.9)
    assert "3 frames of 1 sources: 33.3 % (0.0 %)" in told
    assert "Not proposed: at cameras like this one it lets in attacks" in told
    assert "PROPOSED" not in told


def test_where_no_such_camera_was_measured_all_of_them_must_let_in_no_more(tmp_path: Path) -> None:
    bright = {species: {"bright": of["bright"]} for species, of in LOW.items()}
    told = told_of_looser(tmp_path, bright, 0.4, 0.9)
    assert "Not proposed: at all cameras together it lets in attacks" in told
    assert "PROPOSED" not in told
    kept_out = {**bright, "print": {"bright": [0.3, 0.01]}}
    assert "PROPOSED" in told_of_looser(tmp_path, kept_out, 0.4, 0.9)


def test_a_window_that_asks_for_less_is_not_proposed(tmp_path: Path) -> None:
    """A door of its own has 5 frames; what is as strict as the defaults has 10."""
    path = tmp_path / "held_out.toml"
    write_table(path, {"hybrid_unimodal": LOW})
    short = replace(ONE, evaluate_liveness_over_n_frames=5, evaluate_fake_over_n_frames=5)
    proposal = propose(site(0.4, people=20), Judging(short, STILL_TOO, "on"), WISH)
    told = "\n".join(lines(proposal, table_of("hybrid_unimodal", path)))
    assert "evaluate_liveness_over_n_frames 5 (at least 10)" in told
    assert "Not proposed: single frames say nothing of a window that is shorter" in told


def test_nothing_is_said_of_looser_where_the_wish_is_kept_or_where_it_was_asked_for() -> None:
    kept = propose(site(0.95, people=20), BY, WISH)
    asked = propose(site(0.4, people=20), BY, WISH, allow_looser=True)
    assert (kept.instead, asked.instead) == (None, None)
    assert "looser" not in "\n".join((*lines(kept), *lines(asked)))


def test_people_whom_no_threshold_lets_in_are_not_sent_to_looser_ones() -> None:
    told = "\n".join(lines(propose(site(0.05, people=20), BY, WISH)))
    assert "and no looser one refuses fewer" in told
    assert "--allow-looser" not in told


def test_a_proposal_of_something_looser_writes_nothing_looser() -> None:
    proposal = propose(site(0.4, 0.9, people=20), BY, WISH)
    assert proposal.instead is not None
    written = fragment(proposal, "kioskd calibrate", ())
    assert "liveness_detection_threshold: 0.9" in written  # the strictest that refuses no more
    assert "LOOSER" not in written


def test_figures_of_other_networks_are_not_shown(table: Path) -> None:
    other = shipped().examining("hybrid", shipped().file("texture").path)
    with pytest.raises(TableError, match="measured with other networks"):
        table_of("hybrid_unimodal", table, other)
    with pytest.raises(TableError, match="no figures for texture_unimodal"):
        table_of("texture_unimodal", table)


def test_without_a_table_nothing_is_made_up(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no table of attacks ships") as caught:
        table_of("hybrid_unimodal", tmp_path / "none.toml")
    proposal = propose(site(0.95), BY, Wish("bpcer", 0.05))
    assert f"Attacks: {caught.value}" in lines(proposal, str(caught.value))
    assert "# attacks: no table" in fragment(proposal, "kioskd calibrate", (), str(caught.value))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[schemes.", "[scheme.", "schemes must be a section"),
        ("sources = 2", 'sources = "two"', "needs frames and sources, whole numbers"),
        ("[0.0500, ", "[0.0600, 0.0500, ", "thresholds must rise"),
        ("[0.0500, ", "[", "one number for each threshold"),
        ("accepted = [", "accepted = [2.0, ", "must be numbers from 0 to 1"),
        ('networks = "', "networks = [", r"held_out\.toml:5:13: "),
    ],
)
def test_a_damaged_table_is_a_sentence(table: Path, old: str, new: str, says: str) -> None:
    assert old in table.read_text()
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(TableError, match=says):
        table_of("hybrid_unimodal", table)


def test_a_table_that_ships_is_whole() -> None:
    if attack_table.FILE.exists():
        assert set(attack_table.read_table()) <= set(SCHEMES)


# -- the floor, below which nothing is proposed


def attacks(count: int, sources: int) -> list[Sighting]:
    return [
        sighting("attack", [0.1] * 20, species="print", source=f"lab{n % sources}", name=f"a{n}")
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (site(0.9, people=10, visits=3), ()),
        (site(0.9, people=10, visits=2), ("20 bona fide presentation(s)",)),
        (site(0.9, people=9, visits=4), ("9 bona fide subject(s)",)),
        (site(0.9, people=1), ("1 bona fide presentation(s)", "1 bona fide subject(s)")),
        (site(0.9, people=10, visits=3) + attacks(30, 2), ()),
        (site(0.9, people=10, visits=3) + attacks(30, 1), ("2 source(s) together",)),
        (site(0.9, people=10, visits=3) + attacks(29, 2), ("29 attack presentation(s)",)),
    ],
)
def test_too_little_is_named(found: list[Sighting], says: tuple[str, ...]) -> None:
    told = least_data.lacking(found)
    assert len(told) == len(says)
    assert all(line.startswith(word) for line, word in zip(told, says, strict=True))


def test_a_presentation_without_a_face_counts_for_nothing() -> None:
    unseen = [sighting("bonafide", [None] * 20, subject=f"x{n}", source="door") for n in range(9)]
    assert least_data.lacking(site(0.9, people=10, visits=2) + unseen) == least_data.lacking(
        site(0.9, people=10, visits=2)
    )


def test_the_page_states_the_floor() -> None:
    page = (ROOT / "docs" / "measure" / "evaluation.md").read_text(encoding="utf-8")
    for least in (
        f"{least_data.BONA_FIDE.presentations} bona fide presentations",
        f"{least_data.BONA_FIDE.subjects} subjects",
        f"{least_data.ATTACKS.presentations} attack presentations",
        f"{least_data.TOGETHER} sources",
    ):
        assert least in " ".join(page.split())


# -- the command


def test_from_one_live_clip_and_one_attack_nothing_is_written(tmp_path: Path) -> None:
    for label, clip in (("bonafide", "live.mov"), ("attack_tablet", "attack.mp4")):
        (tmp_path / "data" / label).mkdir(parents=True)
        shutil.copy(CLIPS / clip, tmp_path / "data" / label / clip)
    (tmp_path / "data" / "bonafide" / "empty.mp4").touch()
    made = tmp_path / "fragment.yaml"
    settings = ("-c", str(ROOT / "config.yaml"), "--write", str(made))
    run = kioskd("calibrate", tmp_path / "data", *settings, "--bpcer", "5")
    assert run.status == 2
    assert "nothing is proposed or written: this is too little" in run.err
    assert "1 attack presentation(s) with a face, at least 30 are needed" in run.err
    assert "bonafide/empty.mp4: could not be read, and is in no figure" in run.out
    assert "rgb_liveness:" not in run.out
    assert not made.exists()


def test_a_sites_own_people_give_a_fragment_that_check_accepts(tmp_path: Path) -> None:
    proposal = propose(site(0.95, people=10), BY, Wish("bpcer", 0.05))
    assert check(with_section(tmp_path, fragment(proposal, "kioskd calibrate", ()))) == ()


@pytest.mark.parametrize("wish", [(), ("--bpcer", "5", "--apcer", "3")])
def test_the_command_wants_one_wish(wish: tuple[str, ...]) -> None:
    run = kioskd("calibrate", ".", *wish)
    assert run.status == 2
    assert "either --bpcer or --apcer" in run.err
