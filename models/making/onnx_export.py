"""A torch network as the ONNX file that a door runs, and its numbers back out of that file.

torch.fx follows `forward` once, and each operation it meets is laid as a node; one that no table
here knows is a KeyError. torch's own exporter is not used: its names and order change from
version to version, and here the same network gives the same bytes.
"""

import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, fx, nn

from models.making.conversion.conversion_steps import save, unfold_prelu

Given = tuple[str, Sequence[int | str]]  # a tensor's name and sizes; a word is a size left open
OPERATIONS = {
    operator.add: "Add",
    operator.sub: "Sub",
    operator.mul: "Mul",
    operator.truediv: "Div",
    torch.relu: "Relu",
    torch.sigmoid: "Sigmoid",
    torch.maximum: "Max",
    torch.minimum: "Min",
    "clamp": "Max",  # from below
    "flatten": "Flatten",
    "mean": "GlobalAveragePool",  # over height and width
}


def write(
    network: nn.Module,
    target: Path,
    given: Given,
    made: Given,
    names: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Writes a network as a checked ONNX file, from the tensor `given` to `made`.

    `names`: what the results of some operations are called, by torch.fx's names of these, and
    constants, by name and place among what an operation is given. The others are called by kind
    and number.
    """
    laid = Layers(given[0], made[0], names)
    laid.follow(network.eval(), Tracer().trace(network))
    tensors = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (given, made)]
    name = type(network).__name__.lower()
    graph = helper.make_graph(laid.nodes, name, tensors[:1], tensors[1:], laid.numbers)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    unfold_prelu(model)
    model.graph.initializer.extend(sorted(laid.constants, key=lambda constant: constant.name))
    save(model, target)


def read(network: nn.Module, path: Path) -> None:
    """Fills a network with the numbers of a file that `write` wrote of the same architecture."""
    numbers = {each.name: each for each in onnx.load(path).graph.initializer}
    slopes = iter([each for name, each in numbers.items() if name.endswith("_scaled_scale")])
    with torch.no_grad():
        for name, layer in network.named_modules():
            for part, parameter in layer.named_parameters(recurse=False):
                bends = isinstance(layer, nn.PReLU)
                number = next(slopes) if bends else numbers[_written(layer, name, part)]
                values = torch.from_numpy(numpy_helper.to_array(number).copy())
                turned = isinstance(layer, nn.Linear) and part == "weight"
                parameter.copy_(values.T if turned else values)


def _written(layer: nn.Module, name: str, part: str) -> str:
    """What a layer's weight or bias is called in the file."""
    if isinstance(layer, nn.Linear):
        part = {"weight": "matrix", "bias": "b"}[part]
    return f"{name}.{part}"


class Tracer(fx.Tracer):
    """Follows `forward`, and takes constants of the network for steps too."""

    proxy_buffer_attributes = True


class Layers:
    """The nodes and numbers of one graph, laid one after the other as torch.fx names them."""

    def __init__(self, given: str, made: str, names: Mapping[str, str]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.numbers: list[onnx.TensorProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._given, self._made, self._names = given, made, names
        self._called: dict[fx.Node, str] = {}  # the tensor that each step gives
        self._counted = 0

    def follow(self, network: nn.Module, traced: fx.Graph) -> None:
        *steps, end = traced.nodes
        for step in steps:
            made = self._made if step is end.args[0] else ""
            self._called[step] = self._laid(network, step, made)

    def _laid(self, network: nn.Module, step: fx.Node, made: str) -> str:
        if step.op == "placeholder":
            return self._given
        if step.op == "get_attr":
            return self._constant(step.target.replace(".", "_"), network.get_buffer(step.target))
        given = [self._term(step, at) for at in range(len(step.args))]
        given = [term for term in given if term]
        if step.op == "call_module":
            (x,) = given
            return self._layer(network.get_submodule(step.target), step.target, x, made)
        if step.target is nn.functional.dropout:
            return given[0]
        return self._node(OPERATIONS[step.target], given, made or self._names.get(step.name, ""))

    def _term(self, step: fx.Node, at: int) -> str:
        """The tensor that a step is given in one place; "" where that says how, as an axis does."""
        term = step.args[at]
        if isinstance(term, fx.Node):
            return self._called[term]
        if isinstance(term, float):
            name = f"{step.name}_{at}"
            return self._constant(self._names.get(name, name), torch.tensor(term))
        return ""

    def _layer(self, layer: nn.Module, name: str, x: str, made: str) -> str:
        """One of torch's own layers."""
        if isinstance(layer, nn.Identity):
            return x
        if isinstance(layer, nn.ReLU):
            return self._node("Relu", [x], made)
        if isinstance(layer, nn.PReLU):
            slope = self._number(f"{name}.slope", layer.weight.reshape(-1, 1, 1))
            return self._node("PRelu", [x, slope], made)
        if isinstance(layer, nn.AvgPool2d):
            sides = {"kernel_shape": [layer.kernel_size] * 2, "strides": [layer.stride] * 2}
            return self._node("AveragePool", [x], made, **sides)
        terms = [
            self._number(_written(layer, name, part), numbers.T if numbers.dim() == 2 else numbers)
            for part, numbers in layer.named_parameters()
        ]
        if isinstance(layer, nn.Linear):
            return self._node("Gemm" if len(terms) == 2 else "MatMul", [x, *terms], made)
        assert isinstance(layer, nn.Conv2d), f"{name} is a layer that cannot be written"
        how = {"group": layer.groups, "strides": [*layer.stride], "pads": [*layer.padding] * 2}
        return self._node("Conv", [x, *terms], made, **how)

    def _node(self, kind: str, given: Sequence[str], made: str, **how: Any) -> str:
        if not made:
            made = f"{kind.lower()}_{self._counted}"
            self._counted += 1
        node = helper.make_node(kind, given, [made])
        for name, value in sorted(how.items()):
            node.attribute.append(helper.make_attribute(name, value))
        self.nodes.append(node)
        return made

    def _number(self, name: str, numbers: Tensor) -> str:
        self.numbers.append(_tensor(name, numbers))
        return name

    def _constant(self, name: str, numbers: Tensor) -> str:
        self.constants.append(_tensor(name, numbers))
        return name


def _tensor(name: str, numbers: Tensor) -> onnx.TensorProto:
    values: NDArray[np.float32] = numbers.detach().cpu().numpy().astype(np.float32)
    return numpy_helper.from_array(np.asarray(values, order="C"), name)
