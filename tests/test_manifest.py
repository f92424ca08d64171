"""Networks that are not the vouched-for ones are refused, in a sentence that says what to do."""

import shutil
from pathlib import Path

import pytest

from models.manifest import MANIFEST, installed_models, missing_for, read_manifest, shipped
from models.network_file import NetworkError, verified
from models.schemes import SCHEMES
from models.session import Networks


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the manifest and the networks, to be damaged."""
    for file in shipped().networks.values():
        target = tmp_path / file.path.relative_to(MANIFEST.parent)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file.path, target)
    return Path(shutil.copy(MANIFEST, tmp_path))


def edited(manifest: Path, old: str, new: str) -> Path:
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))
    return manifest


def test_every_network_that_ships_is_the_vouched_for_one() -> None:
    for file in shipped().networks.values():
        assert verified(file)


def test_every_scheme_runs_as_shipped() -> None:
    assert installed_models() == {"texture", "context", "hybrid", "detail"}
    assert all(missing_for(scheme) == () for scheme in SCHEMES)


def test_a_changed_network_file_is_refused_by_name(copy: Path) -> None:
    network = copy.parent / "hybrid/hybrid_2026nov.onnx"
    content = bytearray(network.read_bytes())
    content[-1] ^= 1
    network.write_bytes(content)
    with pytest.raises(NetworkError, match=r"hybrid_2026nov\.onnx is not the one .* again"):
        Networks.load({"hybrid"}, "cpu", manifest=read_manifest(copy))


def test_an_absent_network_file_is_refused_by_name(copy: Path) -> None:
    (copy.parent / "context/context_2026nov.onnx").unlink()
    manifest = read_manifest(copy)
    with pytest.raises(NetworkError, match=r"context_2026nov\.onnx cannot be read"):
        Networks.load({"context"}, "cpu", manifest=manifest)
    assert installed_models(manifest) == {"texture", "hybrid", "detail"}
    assert missing_for("strict_multimodal", manifest) == ("context",)
    assert missing_for("hybrid_unimodal", manifest) == ()


def test_a_scheme_whose_model_has_no_line_in_the_manifest_misses_it(copy: Path) -> None:
    lines = [line for line in copy.read_text().splitlines() if not line.startswith("hybrid = {")]
    copy.write_text("\n".join(lines))
    manifest = read_manifest(copy)
    assert missing_for("context_multimodal", manifest) == ("hybrid",)
    with pytest.raises(NetworkError, match="names no network for the hybrid model"):
        Networks.load({"hybrid"}, "cpu", manifest=manifest)


def test_only_what_is_needed_is_loaded(copy: Path) -> None:
    (copy.parent / "mesh/face_landmarks_detector_2023may.onnx").unlink()
    networks = Networks.load({"face", "hybrid"}, "cpu", manifest=read_manifest(copy))
    assert set(networks.uses()) == {"yunet", "hybrid"}
    with pytest.raises(NetworkError, match="mesh model was not loaded"):
        networks["mesh"]


def test_models_that_share_a_file_share_its_session(copy: Path) -> None:
    shared = edited(copy, 'texture = { network = "texture",', 'texture = { network = "hybrid",')
    networks = Networks.load({"texture", "hybrid"}, "cpu", manifest=read_manifest(shared))
    assert networks["texture"] is networks["hybrid"]
    assert networks.provider == "cpu"


def test_a_network_under_examination_takes_one_role_and_leaves_the_others() -> None:
    other = shipped().file("hybrid").path
    manifest = shipped().examining("texture", other)
    assert manifest.file("texture").path == other
    assert manifest.roles["texture"].crop == shipped().roles["texture"].crop
    assert {**manifest.roles, "texture": None} == {**shipped().roles, "texture": None}
    assert verified(manifest.file("texture")) == other.read_bytes()
    assert shipped().file("texture").path != other


def test_a_network_with_another_input_than_promised_is_refused(copy: Path) -> None:
    manifest = read_manifest(edited(copy, "[1, 146, 2]", "[1, 146, 3]"))
    with pytest.raises(NetworkError, match=r"takes .*146, 2.* says \(1, 146, 3\)"):
        Networks.load({"blendshapes"}, "cpu", manifest=manifest)


def test_a_file_that_is_no_network_is_refused_even_if_vouched_for(copy: Path) -> None:
    network = copy.parent / "blendshapes/face_blendshapes_2023may.onnx"
    network.write_bytes(b"")
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest = edited(copy, shipped().networks["face_blendshapes"].sha256, nothing)
    with pytest.raises(NetworkError, match="cannot be loaded"):
        Networks.load({"blendshapes"}, "cpu", manifest=read_manifest(manifest))


def test_cuda_that_was_demanded_and_not_got_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Hides every GPU from the driver where there is one; elsewhere there is none to hide.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(NetworkError, match="CUDA was asked for but"):
        Networks.load({"face"}, "cuda")
    assert Networks.load({"face"}, "auto").provider == "cpu"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('licence = "MIT"', 'license = "MIT"', "networks.yunet must have the keys"),
        ('sha256 = "2', 'sha256 = "', "networks.yunet.sha256 must be 64 hexadecimal digits"),
        ("scale = 2.7", 'scale = "big"', "roles.hybrid.crop.scale must be a number from 1 to 10"),
        ("scale = 4.0", "scale = 4.0, also = [0]", "roles.context.crop.also must be a number"),
        ('"square"', '"round"', "roles.texture.crop.shape must be one of box, square"),
        ('"area"', '"cubic"', "roles.texture.crop.resize must be one of linear, area"),
        ("112, 112", "112, 80", "networks.detail.input must end in one size twice, as 80, 80"),
        ('network = "context"', 'network = "v1"', "roles.context names v1, which is no network"),
        ("\nmesh =", "\nnets =", "roles must be one of face, mesh"),
        ("date =", "date = 2023-03-01 #", "networks.yunet.date must be text"),
        ("# Where each", "Where each", r"manifest\.toml:2:7: "),
        ("[roles]", "[networks.yunet]", r"manifest\.toml:\d+:\d+: Cannot declare"),
    ],
)
def test_a_mistake_in_the_manifest_is_named(copy: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(NetworkError, match=complaint):
        read_manifest(edited(copy, old, new))


def test_every_network_has_a_card_that_says_what_it_is() -> None:
    for file in shipped().networks.values():
        card = (file.path.parent / "README.md").read_text()
        assert file.sha256 in card
        assert file.licence in card
        assert file.path.name in card
        assert file.training_data in card


def test_every_model_has_a_card_of_its_own() -> None:
    for role in shipped().roles:
        assert (MANIFEST.parent / role / "README.md").is_file()
