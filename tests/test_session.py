"""The one door to ONNX Runtime: shared by threads, silent where there is no CUDA."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.network_file import NetworkError
from models.session import Array, Networks
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


def test_where_the_networks_run_is_told_truly_and_without_noise() -> None:
    program = "from models.session import Networks; print(Networks.load({'face'}).provider)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == Networks.load({"face"}, "auto").provider
    assert "[E:onnxruntime" not in done.stderr
    assert "CUDA" not in done.stderr
