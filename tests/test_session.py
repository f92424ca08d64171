"""The one door to ONNX Runtime: shared by threads, silent where there is no CUDA."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.network_file import NetworkError, Role
from models.session import Array, Network, Networks
from tests.support.eyes import ROOT, networks


def test_one_network_serves_many_threads_at_once() -> None:
    network = networks("hybrid")["hybrid"]
    inputs = [np.full((1, 3, 80, 80), grey, np.float32) for grey in range(0, 240, 10)]
    alone = [network.run(given)[0] for given in inputs]
    before = network.use.calls

    def run(given: Array) -> Array:
        return network.run(given)[0]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, inputs * 4))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 4, together, strict=True))
    assert network.use.calls == before + len(inputs) * 4


def test_a_network_that_cannot_run_says_which() -> None:
    with pytest.raises(NetworkError, match="network hybrid failed on a frame"):
        networks("hybrid")["hybrid"].run(np.zeros((1, 3, 81, 80), np.float32))


def test_what_is_added_later_stands_beside_what_was_there() -> None:
    networks = Networks.load({"face"}, "cpu")
    face = networks["face"]
    networks.add({"hybrid"})
    assert (networks["face"], set(networks.roles)) == (face, {"face", "hybrid"})


def test_of_networks_that_are_added_all_are_loaded_or_none() -> None:
    def refuse(all_of_them: Networks) -> None:
        assert set(all_of_them.roles) == {"face", "hybrid", "texture"}
        raise NetworkError("will not do")

    networks = Networks.load({"face"}, "cpu")
    with pytest.raises(NetworkError, match="will not do"):
        networks.add({"hybrid", "texture"}, refuse)
    assert set(networks.roles) == {"face"}


def test_many_threads_that_add_a_network_load_it_once() -> None:
    networks = Networks.load({"face"}, "cpu")

    def add(role: Role) -> Network:
        networks.add({role})
        return networks[role]

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(add, ("hybrid", "texture", "relief") * 4))
    assert len(set(map(id, found))) == 3
    assert set(networks.roles) == {"face", "hybrid", "texture", "relief"}


def test_where_the_networks_run_is_told_truly_and_without_noise() -> None:
    program = "from models.session import Networks; print(Networks.load({'face'}).provider)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == Networks.load({"face"}, "auto").provider
    assert "[E:onnxruntime" not in done.stderr
    assert "CUDA" not in done.stderr
