"""Networks that a site adds: read strictly, checked at start, and summed with ours."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from feeds.imaging import read_image
from kioskd import daemon
from kioskd.config.load import check, load
from kioskd.config.networks import read_added
from kioskd.evaluation.dataset import read_data_set
from kioskd.evaluation.request import Request, report_of, settings_of, sight
from kioskd.modes import catalogue
from models.added import Added
from models.face.faces import Detector
from models.liveness.bona_fide import LivenessReader, read_output
from models.manifest import shipped
from models.network_file import NetworkError, Role
from models.perceive import warm_up
from models.schemes import SCHEMES, LivenessPlan, evaluate, logit
from models.session import Networks

ROOT = Path(__file__).parents[1]
FACE = ROOT / "tests" / "data" / "astronaut.png"
FUSED = "fused_multimodal"
HYBRID = shipped().file("hybrid")  # a real network, added under another name
NEEDS: set[Role] = {"face", *SCHEMES[FUSED].models}


def entry(**changes: object) -> str:
    """A site's file whose one network is the Hybrid model, cut out as ours is; with changes."""
    lines = {
        "path": HYBRID.path,
        "sha256": f'"{HYBRID.sha256}"',
        "crop": "{ scale: 2.7, shape: box, resize: linear }",
        "size": 80,
        "colours": "bgr",
        "range": "[0, 255]",
        "output": "logits",
        "bona_fide": 1,
        "weight": 0.5,
        **changes,
    }
    kept = {key: value for key, value in lines.items() if value is not None}
    return "networks:\n  theirs:\n" + "".join(f"    {key}: {kept[key]}\n" for key in kept)


def read(text: str) -> tuple[Added, ...]:
    return read_added(text.encode(), Path("/etc/kioskd/networks.yaml"))


def loaded(text: str) -> Networks:
    networks = Networks.load(NEEDS, "cpu", manifest=shipped().with_added(read(text)))
    warm_up(networks)
    return networks


def test_an_added_network_says_what_the_same_network_says_as_ours() -> None:
    networks, image = loaded(entry()), read_image(str(FACE))
    box = Detector(networks["face"]).find(image)[0].box
    ours = LivenessReader(networks).score("hybrid", image, box)
    assert ours is not None
    assert LivenessReader(networks).score("theirs", image, box) == pytest.approx(ours, abs=1e-6)
    assert LivenessReader(networks).score("hybrid", image, box) == ours


def test_what_it_says_of_several_crops_is_the_mean_of_its_logits() -> None:
    """Also of a network whose input takes one picture at a time."""
    crop = "{{ scale: {}, shape: box, resize: linear }}"
    image, box = read_image(str(FACE)), (180.0, 60.0, 290.0, 210.0)
    alone = [
        LivenessReader(loaded(entry(crop=crop.format(scale)))).score("theirs", image, box)
        for scale in (2.7, 1.5)
    ]
    one, other = (logit(score) for score in alone if score is not None)
    several = loaded(entry(crop=crop.format("2.7, also: [1.5]")))
    both = LivenessReader(several).score("theirs", image, box)
    assert both is not None
    assert logit(both) == pytest.approx((one + other) / 2, abs=1e-4)
    assert abs(one - other) > 0.1


def test_its_weight_counts_in_the_fused_scheme_and_in_no_other() -> None:
    scores = {"texture": 0.6, "context": 0.5, "hybrid": 0.7, "detail": 0.5, "theirs": 0.2}
    told = {
        scheme: [
            evaluate(LivenessPlan(scheme, 0.6, 0.3), scores.get, weights).score
            for weights in ({}, {"theirs": 1.0})
        ]
        for scheme in SCHEMES
    }
    for scheme, (without, beside) in told.items():
        assert (without == beside) == (scheme != FUSED)
    odds = (0.6 / 0.4) * (0.7 / 0.3) * (0.2 / 0.8)
    assert told[FUSED][1] == pytest.approx(odds / (1 + odds))


def test_a_frame_without_its_score_is_no_evidence() -> None:
    plan = LivenessPlan(FUSED, 0.6, 0.3)
    scores = {"texture": 0.9, "context": 0.9, "hybrid": 0.9, "detail": 0.9}
    assert evaluate(plan, scores.get, {"theirs": 1.0}).score is None


def test_it_is_loaded_only_where_the_fused_scheme_is_asked_for() -> None:
    manifest = shipped().with_added(read(entry()))
    networks = Networks.load({"face", "hybrid"}, "cpu", manifest=manifest)
    assert set(networks.uses()) == {"yunet", HYBRID.name}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry(sha256=None), "must have the keys"),
        (entry(more=1), "must have the keys"),
        (entry(sha256='"abc"'), "64 hexadecimal digits"),
        (entry(size="80.0"), "size must be a whole number from 16 to 512"),
        (entry(size=4096), "size must be a whole number from 16 to 512"),
        (entry(range="[1, 0]"), "range must begin with the lower number"),
        (entry(range="1"), "two numbers such as"),
        (entry(colours="grey"), "colours must be one of bgr, rgb"),
        (entry(output="score"), "output must be one of logits"),
        (entry(weight=-1), "weight must be a number from 0 to 4"),
        (entry(bona_fide="true"), "bona_fide must be a whole number"),
        (entry(crop="{ scale: 0, shape: box, resize: linear }"), "crop.scale must be a number"),
        (
            entry(crop="{ scale: 2, shape: box, resize: linear, also: [0.5] }"),
            "crop.also must be a number from 1 to 10, found 0.5",
        ),
        (
            entry(crop="{ scale: 2, shape: box, resize: linear, also: 3 }"),
            "crop.also must list up to 4 scales, found 3",
        ),
        (entry().replace("theirs", "hybrid"), "not as one of ours"),
        (entry().replace("theirs", "Their-Net"), "small letters"),
        ("networks: {}", "1 to 4 networks"),
        ("networks: [1]", "a section was expected"),
        ("nets: {}", "must have the keys networks"),
        ("networks: {a: *b}", "networks.yaml:1:"),
    ],
)
def test_what_is_wrong_with_an_entry_is_a_sentence(text: str, says: str) -> None:
    with pytest.raises(NetworkError, match=r"^/etc/kioskd/networks\.yaml:") as caught:
        read(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry(path="absent.onnx"), "cannot be read"),
        (entry(sha256=f'"{hashlib.sha256(b"another").hexdigest()}"'), "is not the one"),
        (entry(size=128), "takes"),
        (entry(bona_fide=3), "with a class 3"),
        (entry(output="probabilities"), "first output is not probabilities"),
        (entry(output="probability"), "first output is not probability"),
        (entry(range="[0, 1.0e-6]"), "says the same of every picture"),
        (
            entry(path=shipped().file("face").path, sha256=f'"{shipped().file("face").sha256}"'),
            "does not keep to its entry",
        ),
    ],
)
def test_a_network_that_does_not_keep_to_its_entry_is_refused_at_start(
    text: str, says: str
) -> None:
    with pytest.raises(NetworkError) as caught:
        loaded(text)
    assert says in str(caught.value)
    assert "/etc/kioskd/networks.yaml" in str(caught.value) or "cannot be read" in says


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1])
def test_an_output_that_is_no_probability_is_no_score(value: float) -> None:
    (network,) = read(entry(output="probability", bona_fide=0))
    assert read_output(network, [np.array([[value]], np.float32)]) is None
    assert read_output(network, [np.array([[0.25]], np.float32)]) == 0.25


def configured(folder: Path, text: str) -> Path:
    """The example configuration, which asks for the fused scheme, with a site's networks."""
    (folder / "networks.yaml").write_text(text, encoding="utf-8")
    example = (ROOT / "config.yaml").read_text(encoding="utf-8")
    named = example.replace("#added_networks: /etc/kioskd/", "added_networks: ")
    assert named != example
    path = folder / "config.yaml"
    path.write_text(named.replace("path: kioskd/", f"path: {ROOT}/kioskd/"), encoding="utf-8")
    return path


def test_events_name_it_among_the_networks_that_decided(tmp_path: Path) -> None:
    config = load(configured(tmp_path, entry()))
    deciding = [catalogue.needs(door.mode) for door in config.doors]
    version = daemon.model_version(daemon.networks(config).manifest, deciding)
    assert f"theirs:{HYBRID.sha256[:8]}" in version.split(",")


def test_check_says_what_is_wrong_with_the_file_and_where_it_is_named(tmp_path: Path) -> None:
    path = configured(tmp_path, entry(size=4096))
    (problem,) = [each for each in check(path, {}) if each.path == "perception.added_networks"]
    assert (problem.weight, "size must be a whole number" in problem.text) == ("error", True)
    (tmp_path / "networks.yaml").unlink()
    (problem,) = [each for each in check(path, {}) if each.path == "perception.added_networks"]
    assert "cannot be read" in problem.text


def test_check_notes_that_no_door_asks_for_the_fused_scheme(tmp_path: Path) -> None:
    path = configured(tmp_path, entry())
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"detection_scheme: {FUSED}", "detection_scheme: hybrid_unimodal"))
    (problem,) = [each for each in check(path, {}) if each.path == "perception.added_networks"]
    assert (problem.weight, FUSED in problem.text) == ("note", True)


def test_an_evaluation_scores_and_names_it_like_ours(tmp_path: Path) -> None:
    request = Request(tmp_path, configured(tmp_path, entry()), gate="off")
    settings = settings_of(request, load(configured(tmp_path, entry())))
    (tmp_path / "bonafide" / "ann").mkdir(parents=True)
    shutil.copy(FACE, tmp_path / "bonafide" / "ann" / "1.png")
    data = read_data_set(tmp_path / "bonafide" / "ann", label="bonafide")
    sighted = sight(data, settings, "off")
    ((frame,),) = [each.frames for each in sighted.sightings]
    liveness = frame.faces[0].liveness
    assert liveness is not None
    assert liveness.by_model["theirs"] == pytest.approx(liveness.by_model["hybrid"], abs=1e-6)
    report = report_of(request, settings, sighted)
    assert report.networks["theirs"] == f"theirs:{HYBRID.sha256[:8]}"
    assert set(report.models) == {"texture", "context", "hybrid", "detail", "theirs"}
