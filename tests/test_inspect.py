"""A still image is judged: what it lacks, what it shows, and one recommendation."""

import hashlib
import io
import json
import re
import struct
import subprocess
import sys
import threading
import tomllib
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from feeds.frame import ColorImage
from feeds.imaging import resize
from kioskd.evaluation.estimates import clopper_pearson
from kioskd.inspect.named_models import Model
from kioskd.inspect.pool import in_order
from kioskd.inspect.profiles import LimitError, rules
from kioskd.inspect.still_finding import SEVERITY, Band, Finding, Rule, worst
from models.stills.areas import AREAS
from tests.support.clips import images_of
from tests.support.commands import kioskd
from tests.support.daemon import LIVE
from tests.support.patience import DEADLINE_S
from tests.support.project import ROOT
from tests.support.stills import PORTRAIT, attacking, bands, jpeg, judged, living, selfie


def written(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        (folder / f"{name}.jpg").write_bytes(content)
    return folder


def image(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def saved(picture: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    held = io.BytesIO()
    picture.save(held, kind, **how)
    return held.getvalue()


# The rule.


def rule(better: Literal["more", "less"] = "more", essential: bool = True) -> Rule:
    limits = (0.1, 0.2) if better == "more" else (0.2, 0.1)
    return Rule("it", "light", "it", "", better, *limits, "mend it", essential)


@pytest.mark.parametrize(
    ("better", "found", "band"),
    [
        ("more", 0.0999, "reject"),
        ("more", 0.1, "doubt"),
        ("more", 0.1999, "doubt"),
        ("more", 0.2, "accept"),
        ("less", 0.2001, "reject"),
        ("less", 0.2, "doubt"),
        ("less", 0.1001, "doubt"),
        ("less", 0.1, "accept"),
        ("more", None, "doubt"),
        ("less", float("nan"), "doubt"),
        ("more", float("inf"), "doubt"),
    ],
)
def test_a_number_falls_into_the_band_that_the_seed_gives_it(
    better: Literal["more", "less"], found: float | None, band: Band
) -> None:
    assert rule(better).judge(found).band == band


def test_what_is_not_essential_may_be_missing_and_what_is_may_not() -> None:
    assert rule(essential=False).judge(None).band == "accept"
    assert rule().judge(None).band == "doubt"
    assert "could not be measured" in rule().judge(None).sentence


@given(st.lists(st.sampled_from(SEVERITY), min_size=1))
def test_the_recommendation_is_the_worst_of_all_findings(found: list[Band]) -> None:
    findings = [Finding("it", "light", band, "") for band in found]
    wanted = next(band for band in ("reject", "doubt", "accept") if band in found)
    assert worst(findings) == wanted


def test_where_nothing_was_found_out_nothing_is_accepted() -> None:
    assert worst([]) == "reject"


# Real pictures.


def test_a_living_person_before_a_webcam_is_accepted_as_a_doors_picture() -> None:
    found = judged(living(), "door")
    assert found.recommendation == "accept", found.against
    assert found.face is not None


def test_an_attack_is_rejected_for_no_other_reason_than_that_it_is_one() -> None:
    found = judged(attacking(), "door")
    assert found.recommendation == "reject"
    assert "liveness" in [each.code for each in found.against if each.band == "reject"]
    assert not {each.group for each in found.against} & {"input", "face", "light"}


def test_the_same_picture_is_too_small_for_a_selfie_and_is_told_so() -> None:
    told = {each.code: each.sentence for each in judged(living()).against}
    assert told.keys() == {"megapixels", "least_file_kb", "face_px"}
    assert told["megapixels"] == (
        "the size of the picture is 0.69 megapixels, and at least 2.00 megapixels is wanted:"
        " send it as the camera took it, neither cut nor shrunk"
    )


def test_a_selfie_meets_every_rule_of_the_seed() -> None:
    found = bands(judged(jpeg(selfie())))
    assert found.pop("liveness") != "reject"  # it was enlarged for this test, which shows
    assert set(found.values()) == {"accept"}


def turned(degrees: float) -> ColorImage:
    return np.asarray(
        Image.fromarray(selfie()).rotate(degrees, Image.Resampling.BILINEAR), np.uint8
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (jpeg(resize(selfie(), (1400, 1400), "area"), 97), "megapixels"),
        (jpeg(resize(selfie(), (1600, 1600), "area"), 97), "face_px"),
        (jpeg(selfie(), 79), "jpeg_quality"),
        (saved(Image.fromarray(selfie()[:, :, ::-1]), "PNG"), "most_file_kb"),
        (jpeg(turned(35.0), 88), "roll"),
        (jpeg(selfie()[300:, 600:], 95), "room"),
        (jpeg((selfie() * 0.3).astype(np.uint8), 97), "brightness"),
        (jpeg((selfie() * 0.12 + 100).astype(np.uint8), 97), "contrast"),
        (jpeg(np.repeat(selfie().mean(2, keepdims=True), 3, 2).astype(np.uint8)), "colour"),
        (jpeg(np.ascontiguousarray(selfie()[:, :, ::-1])), "redness"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_refuses_the_picture_that_breaks_it(content: bytes, code: str) -> None:
    found = bands(judged(content))
    assert found[code] == "reject", found


def test_a_png_loses_nothing_and_is_asked_for_no_quality_of_a_jpeg() -> None:
    assert bands(judged(PORTRAIT.read_bytes()))["jpeg_quality"] == "accept"


def test_a_webp_may_have_lost_anything_and_is_doubted() -> None:
    picture = image(living())
    assert bands(judged(saved(picture, "WEBP"), "door"))["jpeg_quality"] == "doubt"


def test_of_two_people_the_larger_is_meant_or_both_are_refused() -> None:
    person = images_of(LIVE, 1)[0]
    small = resize(person, (person.shape[1] * 3 // 4, person.shape[0] * 3 // 4), "area")
    beside = np.zeros_like(person)[:, : small.shape[1]]
    beside[: small.shape[0]] = small
    both = jpeg(np.ascontiguousarray(np.hstack([person, beside])), 95)
    found = judged(both, "door")
    assert bands(found)["faces"] == "accept"
    assert bands(found)["other_face"] == "doubt"
    assert found.face is not None
    assert found.face[2] < person.shape[1]
    assert judged(both, "door", "one").recommendation == "reject"


def test_the_limits_can_be_moved_and_wrong_ones_are_named() -> None:
    easy = {"face_px": "100", "megapixels": "0.1,0.2", "least_file_kb": "0"}
    assert judged(living(), limits=easy).recommendation == "accept"
    for code, told in (("face_px", "many"), ("sharpnes", "1"), ("sharpness", "0.2,0.1")):
        with pytest.raises(LimitError, match=code):
            rules("selfie", {code: told})


def test_the_digest_is_that_of_the_bytes() -> None:
    assert judged(living()).sha256 == hashlib.sha256(living()).hexdigest()


# Whatever a file may hold.


def png_head(width: int, height: int) -> bytes:
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + b"IHDR"
        + head
        + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    )


def grey_of_16_bits() -> bytes:
    return saved(Image.fromarray(np.full((100, 100), 40_000, np.uint16)), "PNG")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"I am a text", "unknown_format"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "unknown_format"),
        (living()[: len(living()) // 50], "unreadable"),
        (png_head(10_000, 10_000), "too_many_pixels"),
        (bytes(7 * 2**20), "too_large"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(40), "media"),
        (grey_of_16_bits(), "media"),
        (saved(Image.new("RGB", (1000, 1000), (90, 120, 150))), "faces"),
    ],
    ids=["empty", "text", "heic", "cut off", "bomb", "large", "video", "depth", "no face"],
)
def test_what_is_no_picture_of_a_face_is_rejected_by_name(content: bytes, code: str) -> None:
    found = judged(content, "door")
    assert found.recommendation == "reject"
    assert code in [each.code for each in found.against]


@pytest.mark.parametrize(
    "content",
    [
        saved(image(living()), "PNG"),
        saved(image(living()).convert("RGBA"), "PNG"),
        saved(image(living()).convert("CMYK"), quality=95),
        saved(image(living()), "BMP"),
        saved(image(living()), quality=95, progressive=True),
    ],
    ids=["png", "alpha", "cmyk", "bmp", "progressive"],
)
def test_the_same_person_is_accepted_in_every_form(content: bytes) -> None:
    assert judged(content, "door", limits={"most_file_kb": "6000"}).recommendation == "accept"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_judged_the_way_up_that_its_exif_says(orientation: int) -> None:
    undone = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = image(living())
    if orientation in undone:
        picture = picture.transpose(undone[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = judged(saved(picture, quality=95, exif=exif), "door")
    assert found.recommendation == "accept", found.against
    assert found.size == (960, 720)


def test_the_first_picture_of_an_animation_is_judged() -> None:
    first, second = image(living()), Image.new("RGB", (960, 540))
    found = judged(saved(first, "GIF", save_all=True, append_images=[second]), "door")
    assert bands(found)["faces"] == "accept"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_file_is_always_answered(data: st.DataObject) -> None:
    content = bytearray(living())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = judged(bytes(content[: data.draw(st.integers(1, len(content)))]), "door")
    assert found.recommendation in SEVERITY
    assert all(each.sentence for each in found.findings)


# The command.


def test_the_exit_status_is_that_of_the_recommendation(tmp_path: Path) -> None:
    folder = written(tmp_path, live=living(), attack=attacking())
    assert kioskd("inspect", folder / "live.jpg", "--profile", "door").status == 0
    assert kioskd("inspect", folder / "attack.jpg", "--profile", "door").status == 4
    limit = ("--limit", "face_px=10,500")
    assert kioskd("inspect", folder / "live.jpg", "--profile", "door", *limit).status == 3


def test_a_folder_is_a_line_for_each_and_the_status_of_the_worst(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture, by its name")
    said = kioskd("inspect", written(tmp_path, a=living(), b=attacking()), "--profile", "door")
    assert said.status == 4
    first, second, *_, last = said.out.splitlines()
    assert first.startswith("accept")
    assert second.startswith("reject")
    assert "liveness" in second
    assert last == "2 images: 1 accept, 0 doubt, 1 reject"


def test_json_has_a_line_for_each_with_all_that_was_found(tmp_path: Path) -> None:
    said = kioskd("inspect", written(tmp_path, a=living(), b=attacking()), "--json")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [Path(line["name"]).stem for line in lines] == ["a", "b"]
    for line, content in zip(lines, (living(), attacking()), strict=True):
        assert line["sha256"] == hashlib.sha256(content).hexdigest()
        assert line["model"] == "rgb-single-image"
        assert {each["code"] for each in line["findings"]} >= {"sharpness", "liveness", "yaw"}
        assert all(each["sentence"] for each in line["findings"])


def test_standard_input_is_a_picture_too() -> None:
    command = [sys.executable, "-m", "kioskd", "inspect", "-", "--profile", "door", "--json"]
    run = subprocess.run(command, cwd=ROOT, input=living(), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["sha256"] == hashlib.sha256(living()).hexdigest()


@pytest.mark.parametrize("model", [each for each in Model if each is not Model.RGB_SINGLE_IMAGE])
def test_a_model_that_cannot_judge_a_still_is_an_error_and_no_score(model: Model) -> None:
    said = kioskd("inspect", PORTRAIT, "--model", model)
    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith(f"{model} needs ")


def test_a_reference_is_compared_with_the_same_bytes(tmp_path: Path) -> None:
    folder = written(tmp_path, live=living())
    told = ("--profile", "door", "--json")
    same = kioskd("inspect", folder / "live.jpg", "--reference", folder / "live.jpg", *told)
    other = kioskd("inspect", folder / "live.jpg", "--reference", PORTRAIT, *told)
    assert (same.status, other.status) == (0, 4)
    assert "likeness" in json.loads(other.out)["against"]


def test_what_cannot_be_asked_is_said_and_nothing_is_judged(tmp_path: Path) -> None:
    nobody = tmp_path / "nobody.jpg"
    nobody.write_bytes(saved(Image.new("RGB", (400, 400))))
    asked = {
        ("--limit", "sharpness"): "such as sharpness=0.1,0.2",
        ("--limit", "nothing=1"): "no limit is called 'nothing'",
        ("--reference", str(nobody)): "there is no face in the picture",
    }
    for arguments, sentence in asked.items():
        said = kioskd("inspect", PORTRAIT, *arguments)
        assert said.status == 2
        assert sentence in said.err
        assert said.out == ""


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = kioskd("inspect", tmp_path / "nowhere.jpg")
    assert said.status == 1
    assert said.err == f"{tmp_path / 'nowhere.jpg'}: does not exist\n"
    assert kioskd("inspect", tmp_path).status == 1
    assert kioskd("inspect", "-", "-").status == 1


def test_a_folder_with_a_file_that_cannot_be_read_is_judged_but_for_that_one(
    tmp_path: Path,
) -> None:
    (written(tmp_path, a=living()) / "b.jpg").symlink_to(tmp_path / "gone")
    said = kioskd("inspect", tmp_path, "--profile", "door", "--json")
    assert said.status == 1
    assert "b.jpg: is no file" in said.err
    assert len(said.out.splitlines()) == 1


def test_every_finding_is_explained_to_the_clerk() -> None:
    page = (ROOT / "docs/understand/stills.md").read_text()
    for found in (judged(jpeg(selfie())), judged(b"")):
        for each in found.findings:
            assert f"`{each.code}`" in page, each.code
    for code in rules("selfie"):
        assert f"`{code}`" in page, code


def test_encoding_is_of_no_matter_to_what_is_measured_of_the_face() -> None:
    """The seed's bands are of the face and not of the file."""
    plain, packed = (judged(jpeg(selfie(), quality)) for quality in (100, 85))
    for one, other in zip(plain.findings, packed.findings, strict=True):
        if one.group in ("face", "light"):
            assert one.band == other.band, one.code


# Many, and a report.


def test_many_are_judged_at_once_and_told_in_their_order() -> None:
    begun: list[int] = []
    gate = threading.Barrier(3, timeout=DEADLINE_S)

    def make(number: int) -> int:
        begun.append(number)
        if number < 3:
            gate.wait()  # passes only if three are made at the same time
        return number * number

    assert list(in_order(make, range(40), 3)) == [number * number for number in range(40)]
    assert sorted(begun) == list(range(40))


def test_a_folder_of_any_size_is_begun_bit_by_bit() -> None:
    begun: list[int] = []
    made = in_order(begun.append, range(1000), 2)
    next(made)
    assert len(begun) <= 4
    made.close()
    assert len(begun) <= 5


def test_what_fails_fails_in_its_place() -> None:
    made = in_order(lambda number: 1 // (2 - number), range(5), 1)
    assert [next(made), next(made)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_the_report_has_every_image_and_shows_faces_only_when_asked(tmp_path: Path) -> None:
    folder, report = (
        written(tmp_path, a=living(), b=attacking(), c=b"no picture"),
        tmp_path / "r.html",
    )
    told = ("inspect", folder, "--profile", "door", "--html", report)
    assert kioskd(*told).status == 4
    text = report.read_text()
    for name, content in (("a", living()), ("b", attacking()), ("c", b"no picture")):
        assert f"{name}.jpg" in text
        assert hashlib.sha256(content).hexdigest() in text
    assert "data:image" not in text
    assert kioskd(*told, "--thumbnails").status == 4
    text = report.read_text()
    assert text.count("data:image/jpeg") == 2
    assert text.count("<polygon") == 2 * len(AREAS)
    assert kioskd(*told[:-1], tmp_path / "nowhere" / "r.html").status == 1


def test_a_name_can_write_nothing_of_its_own_into_the_report(tmp_path: Path) -> None:
    (tmp_path / "<b>bold.jpg").write_bytes(living())
    kioskd("inspect", tmp_path, "--html", tmp_path / "r.html")
    assert "<b>bold" not in (tmp_path / "r.html").read_text()
    assert "&lt;b&gt;bold" in (tmp_path / "r.html").read_text()


def test_twelve_people_are_counted_and_one_of_many_alike_is_doubted() -> None:
    person = resize(images_of(LIVE, 1)[0], (480, 360), "area")
    crowd = np.vstack([np.hstack([person] * 4)] * 3)
    found = judged(jpeg(np.ascontiguousarray(crowd), 95), "door")
    told = {each.code: each for each in found.findings}
    assert told["faces"].found == 12
    assert told["other_face"].band == "doubt"
    assert found.recommendation != "accept"


def test_a_face_of_twenty_pixels_is_none_or_too_small() -> None:
    person = images_of(LIVE, 1)[0]
    small = resize(person, (person.shape[1] // 8, person.shape[0] // 8), "area")
    wide = np.full((1080, 1920, 3), 120, np.uint8)
    wide[500 : 500 + small.shape[0], 900 : 900 + small.shape[1]] = small
    told = bands(judged(jpeg(wide, 95), "door"))
    assert "reject" in (told["faces"], told.get("face_px"))


def test_a_drawing_is_never_accepted() -> None:
    drawing = Image.new("RGB", (900, 900), (250, 245, 230))
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((250, 150, 650, 700), (235, 190, 160), (60, 40, 30), 6)
    for x in (350, 500):
        pen.ellipse((x, 340, x + 60, 380), (255, 255, 255), (40, 30, 20), 4)
        pen.ellipse((x + 20, 348, x + 42, 374), (70, 40, 20))
    pen.polygon(((450, 400), (425, 500), (475, 500)), (220, 170, 140))
    pen.ellipse((390, 560, 510, 610), (190, 80, 80))
    assert judged(saved(drawing, quality=95), "door").recommendation != "accept"


def test_how_often_it_is_wrong_is_what_was_measured_on_sources_held_out() -> None:
    """Of the networks, at the limits that ship; a line for each species of attack."""
    table = tomllib.loads((ROOT / "models/held_out.toml").read_text())["schemes"][
        "fused_multimodal"
    ]
    doubt, reject = (
        table["thresholds"].index(limit)
        for limit in (rules("selfie")["liveness"].doubt, rules("selfie")["liveness"].reject)
    )
    text = (ROOT / "docs/measure/stills.md").read_text()
    text = text[text.index("**The networks alone**") :]
    for species, held in {"living": table["bona_fide"], **table["species"]}.items():
        accepted = held.get("accepted") or [1 - share for share in held["refused"]]
        count = held["frames"]
        first, past = round(count * accepted[doubt]), round(count * accepted[reject])
        shares = (first, past - first, count - past)
        low, high = clopper_pearson(first, count)
        told = [f"{100 * share / count:.1f}" for share in shares]
        line = next(each for each in text.splitlines() if re.match(rf"\| {species}\b", each))
        assert f", {count} frames |" in line
        assert f"| {told[0]} [{100 * low:.1f}, {100 * high:.1f}] | {told[1]} | {told[2]} |" in line
