"""What the conversions of the single networks share."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

MODELS = Path(__file__).resolve().parents[2]
BASE = MODELS / "making" / "base"  # what training begins from, and no door runs


def checked(source: Path, sha256: str) -> bytes:
    """The bytes of a file that must be exactly the published one; exits with a sentence if not."""
    content = source.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{source} has sha256 {found}, the published file has {sha256}")
    return content


TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


def from_task(source: Path, name: str) -> onnx.ModelProto:
    """One of the TFLite networks in MediaPipe's face_landmarker.task, as ONNX by tf2onnx.

    Its order and names of tensors, and so the sha256, differ from run to run; the numbers that
    the network gives do not, to the bit. So do not replace a shipped file without need.
    """
    checked(source, TASK_SHA256)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(source) as task:
        tflite, target = task.extract(name, folder), Path(folder) / "network.onnx"
        converter = [sys.executable, "-m", "tf2onnx.convert", "--opset", "16"]
        subprocess.run([*converter, "--tflite", tflite, "--output", str(target)], check=True)
        return onnx.load(target)


def save(model: onnx.ModelProto, target: Path) -> None:
    """Checks and writes a model, and prints what models/manifest.toml must say of it."""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)
    print(f"{target.name} sha256: {hashlib.sha256(target.read_bytes()).hexdigest()}")


def unfold_prelu(model: onnx.ModelProto) -> None:
    """Replaces each PRelu by operators that ONNX Runtime computes without branching.

        prelu(x) = a * x + (1 - a) * relu(x)

    with the two scalings written as batch normalisation, which ONNX Runtime fuses into its
    blocked layout. On a CPU its PRelu takes a branch per number, so that the time depends on
    the picture, and is more than half of these networks' time. Measured, one thread, a real
    face: MiniFASNetV2 2.9 -> 1.2 ms, the mesh 10.9 -> 4.2 ms; largest difference of an output
    1e-6 (logits) and 5e-5 (pixels of the crop).
    """
    graph = model.graph
    slopes = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "PRelu":
            slope = slopes[node.input[1]].reshape(-1)
            nodes += _unfolded(graph, node.input[0], slope, node.output[0])
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)


def _unfolded(
    graph: onnx.GraphProto, x: str, slope: NDArray[np.float32], y: str
) -> list[onnx.NodeProto]:
    """The nodes of one PRelu, from tensor name `x` to `y`, slope one number a channel."""
    scaled, positive, rest = f"{y}_scaled", f"{y}_positive", f"{y}_rest"
    return [
        helper.make_node("Relu", [x], [positive]),
        _scaling(graph, x, slope, scaled),
        _scaling(graph, positive, 1 - slope, rest),
        helper.make_node("Add", [scaled, rest], [y]),
    ]


def _scaling(graph: onnx.GraphProto, x: str, scale: NDArray[np.float32], y: str) -> onnx.NodeProto:
    """A batch normalisation that only scales, one factor a channel."""
    zeros, ones = np.zeros_like(scale), np.ones_like(scale)
    names = [f"{y}_{part}" for part in ("scale", "shift", "mean", "variance")]
    for name, values in zip(names, (scale, zeros, zeros, ones), strict=True):
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    return helper.make_node("BatchNormalization", [x, *names], [y], epsilon=0.0)


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [initializer for initializer in graph.initializer if initializer.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.value_info[:]
