"""Makes minifasnet_v2_2020jul.onnx from Silent-Face-Anti-Spoofing's own weights.

    python -m models.making.conversion.hybrid 2.7_80x80_MiniFASNetV2.pth

The weights name their layers, and the sizes follow from them, so the graph is written down
node by node here: a stem, three stages of inverted bottlenecks (1x1 widen, 3x3 depthwise,
1x1 narrow, each stage begun by one of stride 2), and a head. torch only unpacks the file.
The same serves MiniFASNetV1SE, some of whose bottlenecks end in squeeze and excitation.
models/making/training/model.py lays these layers again, to be trained: there they are
torch's modules, with the normalisation that is folded here already inside.
"""

import sys
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.making.conversion.conversion_steps import BASE, checked, save, unfold_prelu

SOURCE_SHA256 = "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0"
TARGET = BASE / "minifasnet_v2_2020jul.onnx"
BATCH_NORM_EPSILON = 1e-5  # torch's default, which the authors trained with

Array = NDArray[np.float32]


def convert(source: Path, sha256: str, target: Path) -> None:
    """Writes one MiniFASNet's weights as an ONNX network of any batch size."""
    packed = BytesIO(checked(source, sha256))
    weights = torch.load(packed, map_location="cpu", weights_only=True)
    graph = Graph({key.removeprefix("module."): v.numpy() for key, v in weights.items()})
    network(graph)
    model = graph.model()
    unfold_prelu(model)
    save(model, target)


def network(graph: "Graph") -> None:
    """Lays the whole network, from "input" (n, 3, 80, 80) to "logits" (n, 3)."""
    x = graph.convolved("conv1", "input", stride=2, pad=1)
    x = graph.convolved("conv2_dw", x, pad=1)
    for entrance, stage in (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5")):
        x = graph.bottleneck(entrance, x, stride=2)
        for block in graph.numbered(f"{stage}.model"):
            x = graph.added(x, graph.bottleneck(block, x, stride=1))
    x = graph.convolved("conv_6_sep", x)
    x = graph.convolved("conv_6_dw", x)  # 5x5 on 5x5: one value a channel is left
    x = graph.node("Flatten", [x])
    x = graph.linear("linear", x, norm="bn")
    graph.linear("prob", x, output="logits")


class Graph:
    """Nodes and numbers of one network; every method lays a layer and names its output."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._numbers: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, 80, 80])
        found = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])
        graph = helper.make_graph(self._nodes, "minifasnet", [given], [found], self._numbers)
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=8)

    def numbered(self, prefix: str) -> list[str]:
        """The blocks of a stage, in order."""
        start = len(prefix) + 1
        found = {int(k[start:].split(".")[0]) for k in self._weights if k.startswith(f"{prefix}.")}
        return [f"{prefix}.{number}" for number in sorted(found)]

    def bottleneck(self, name: str, x: str, stride: int) -> str:
        x = self.convolved(f"{name}.conv", x)
        x = self.convolved(f"{name}.conv_dw", x, stride=stride, pad=1)
        x = self.convolved(f"{name}.project", x)
        excited = f"{name}.se_module.fc1.weight" in self._weights
        return self._excited(f"{name}.se_module", x) if excited else x

    def convolved(self, name: str, x: str, stride: int = 1, pad: int = 0) -> str:
        """Convolution, batch normalisation folded into it, and PReLU where there is one."""
        x = self._convolution(f"{name}.conv", f"{name}.bn", x, stride, pad)
        slope = self._weights.get(f"{name}.prelu.weight")
        if slope is None:
            return x
        return self.node("PRelu", [x, self._number(f"{name}.slope", slope.reshape(-1, 1, 1))])

    def added(self, x: str, y: str) -> str:
        return self.node("Add", [x, y])

    def linear(self, name: str, x: str, norm: str | None = None, output: str = "") -> str:
        """A product with a matrix, no bias of its own; batch normalisation folded into it."""
        matrix = self._weights[f"{name}.weight"].T
        if norm is None:
            return self.node("MatMul", [x, self._number(f"{name}.matrix", matrix)], output)
        scale, shift = self._norm(norm)
        terms = [self._number(f"{name}.matrix", matrix * scale), self._number(f"{name}.b", shift)]
        return self.node("Gemm", [x, *terms], output)

    def _excited(self, name: str, x: str) -> str:
        """Each channel weighed by what all channels say on average."""
        y = self.node("GlobalAveragePool", [x])
        y = self.node("Relu", [self._convolution(f"{name}.fc1", f"{name}.bn1", y, 1, 0)])
        y = self.node("Sigmoid", [self._convolution(f"{name}.fc2", f"{name}.bn2", y, 1, 0)])
        return self.node("Mul", [x, y])

    def _convolution(self, name: str, norm: str, x: str, stride: int, pad: int) -> str:
        weight = self._weights[f"{name}.weight"]
        depthwise = weight.shape[1] == 1
        scale, shift = self._norm(norm)
        folded = self._number(f"{name}.weight", weight * scale.reshape(-1, 1, 1, 1))
        return self.node(
            "Conv",
            [x, folded, self._number(f"{name}.bias", shift)],
            attributes={
                "group": weight.shape[0] if depthwise else 1,
                "strides": [stride, stride],
                "pads": [pad] * 4,
            },
        )

    def _norm(self, name: str) -> tuple[Array, Array]:
        """Scale and shift, one number a channel, that a batch normalisation comes down to."""
        w = {part: self._weights[f"{name}.{part}"] for part in ("weight", "bias")}
        mean, variance = (self._weights[f"{name}.running_{part}"] for part in ("mean", "var"))
        scale = w["weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
        return scale, w["bias"] - mean * scale

    def _number(self, name: str, values: Array) -> str:
        self._numbers.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str = "",
        attributes: Mapping[str, int | list[int]] | None = None,
    ) -> str:
        output = output or f"{kind.lower()}_{len(self._nodes)}"
        node = helper.make_node(kind, inputs, [output])
        for name, value in sorted((attributes or {}).items()):
            node.attribute.append(helper.make_attribute(name, value))
        self._nodes.append(node)
        return output


if __name__ == "__main__":
    convert(Path(sys.argv[1]), SOURCE_SHA256, TARGET)
