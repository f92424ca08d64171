"""Makes identity_2021dec.onnx from OpenCV Zoo's SFace with weights of eight bits.

    python -m models.making.conversion.identity SOURCE.onnx

The published file lists its weights among the graph's inputs, which ONNX Runtime refuses, and
dequantizes them anew on every call, because ONNX Runtime folds no DequantizeLinear. Here each is
written as the sum it stands for, (weight - zero point) * scale, which is folded once at load:
the file stays as small, and the numbers are the same.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from models.making.conversion.conversion_steps import MODELS, checked, save, unfold_prelu

SOURCE_SHA256 = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"
TARGET = MODELS / "identity" / "identity_2021dec.onnx"


def convert(source: Path, target: Path) -> None:
    """Writes `source` with one input, its weights as sums that fold, and its PReLU unfolded."""
    model = onnx.load_from_string(checked(source, SOURCE_SHA256))
    graph = model.graph
    (data,) = (each for each in graph.input if each.name == "data")
    del graph.input[:]
    graph.input.append(data)
    tensors = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            nodes += _dequantized(graph, node, tensors)
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    unfold_prelu(model)
    save(model, target)


def _dequantized(
    graph: onnx.GraphProto, node: onnx.NodeProto, tensors: dict[str, NDArray[np.generic]]
) -> list[onnx.NodeProto]:
    """The nodes of one DequantizeLinear in blocks along its axis."""
    weight, scales, zeros = node.input
    (name,) = node.output
    settings = {each.name: each.i for each in node.attribute}
    shape, axis, block = tensors[weight].shape, settings["axis"], settings["block_size"]
    in_blocks = (*shape[:axis], -1, block, *shape[axis + 1 :])
    for tensor, kind in ((scales, np.float32), (zeros, np.int8)):
        spread = np.expand_dims(tensors[tensor].astype(kind), axis + 1)
        graph.initializer.append(numpy_helper.from_array(spread, f"{tensor}_blocks"))
    for what, sizes in (("in_blocks", in_blocks), ("shape", shape)):
        values = np.array(sizes, np.int64)
        graph.initializer.append(numpy_helper.from_array(values, f"{name}_{what}"))
    return [
        helper.make_node("Reshape", [weight, f"{name}_in_blocks"], [f"{name}_split"]),
        helper.make_node("Cast", [f"{name}_split"], [f"{name}_cast"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Cast", [f"{zeros}_blocks"], [f"{name}_zeros"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Sub", [f"{name}_cast", f"{name}_zeros"], [f"{name}_centred"]),
        helper.make_node("Mul", [f"{name}_centred", f"{scales}_blocks"], [f"{name}_scaled"]),
        helper.make_node("Reshape", [f"{name}_scaled", f"{name}_shape"], [name]),
    ]


if __name__ == "__main__":
    convert(Path(sys.argv[1]), TARGET)
