"""MiniFASNet in torch, its numbers read from an ONNX file that ships and written back into one.

Only for training. The shipped files hold the network with batch normalisation already folded
into the convolutions, and each PReLU written as two scalings and a sum (`unfold_prelu` of the
conversions). That is just what fine-tuning on little data wants: the statistics of the large data
that the authors trained on stay as they are, and what is written back computes at the same speed.
"""

from math import ceil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from models.liveness.crops import SIDE
from models.making.conversion.conversion_steps import save

# Width inside each bottleneck, by stage; the first of a stage has stride 2, the rest add to
# what they are given. Outside the widths are 32, 64, 128, 128.
Stages = tuple[tuple[int, ...], ...]
V2: Stages = ((103, 13, 13, 13, 13), (231, 231, 52, 26, 77, 26, 26), (308, 26, 26))
V1SE: Stages = ((103, 13, 26, 13, 52), (231, 154, 52, 26, 52, 26, 26), (308, 26, 26))
OUTSIDE = (32, 64, 128, 128)
GREY = 110.0  # 0..255; about the mean of all crops trained on
NAMES = ("3", "4", "5")  # the authors' own numbers for the stages


class Convolution(nn.Module):
    """Convolution and, unless `bent` is False, PReLU."""

    def __init__(self, given: int, made: int, size: int, stride: int = 1, bent: bool = True,
                 apart: bool = False, pad: int = 0) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(given, made, size, stride, pad, groups=given if apart else 1)
        self.prelu = nn.PReLU(made) if bent else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu(self.conv(x))


class Excitation(nn.Module):
    """Each channel weighed by what all channels say on average."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, width // 4, 1)
        self.fc2 = nn.Conv2d(width // 4, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Bottleneck(nn.Module):
    """1x1 widen, 3x3 depthwise, 1x1 narrow; and squeeze and excitation where there is one."""

    def __init__(self, given: int, inside: int, made: int, stride: int, excited: bool) -> None:
        super().__init__()
        self.conv = Convolution(given, inside, 1)
        self.conv_dw = Convolution(inside, inside, 3, stride, apart=True, pad=1)
        self.project = Convolution(inside, made, 1, bent=False)
        self.se_module = Excitation(made) if excited else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.se_module(self.project(self.conv_dw(self.conv(x))))


class MiniFASNet(nn.Module):
    """(n, 3, side, side) BGR 0..255 -> (n, 3) logits; 1 = bona fide, 0 and 2 kinds of attack.

    Its head's 5x5 fits a side of 80. The maps of a larger picture are averaged down to that.
    """

    def __init__(self, stages: Stages = V2, evened: bool = False, side: int = SIDE) -> None:
        super().__init__()
        self.evened = evened
        self.conv1 = Convolution(3, 32, 3, 2, pad=1)
        self.conv2_dw = Convolution(32, 32, 3, apart=True, pad=1)
        self.stages = nn.ModuleDict()
        for number, widths in enumerate(stages):
            given, made = OUTSIDE[number : number + 2]
            blocks = [Bottleneck(given, widths[0], made, 2, False)]
            blocks += [
                Bottleneck(made, width, made, 1, stages is V1SE and at == len(widths) - 2)
                for at, width in enumerate(widths[1:])
            ]
            self.stages[NAMES[number]] = nn.ModuleList(blocks)
        self.pool = nn.AvgPool2d(ceil(side / 16) - 4, 1)  # four halvings came before
        self.conv_6_sep = Convolution(128, 512, 1)
        self.conv_6_dw = Convolution(512, 512, 5, bent=False, apart=True)  # 5x5 on 5x5
        self.linear = nn.Linear(512, 128)
        self.prob = nn.Linear(128, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.judge(self.see(x))

    def see(self, x: Tensor) -> Tensor:
        """(n, 3, side, side) -> (n, 64, side / 4, side / 4): the first layers, which stay."""
        x = even(x) if self.evened else x
        return self._staged("3", self.conv2_dw(self.conv1(x)))

    def seeing(self) -> list[nn.Parameter]:
        """The numbers of those first layers."""
        return [
            p for part in (self.conv1, self.conv2_dw, self.stages["3"]) for p in part.parameters()
        ]

    def _staged(self, name: str, x: Tensor) -> Tensor:
        stage = self.stages[name]
        assert isinstance(stage, nn.ModuleList)
        x = stage[0](x)
        for block in list(stage)[1:]:
            x = x + block(x)
        return x

    def judge(self, x: Tensor) -> Tensor:
        """(n, 64, side / 4, side / 4) -> (n, 3): what is made of what was seen."""
        return self.head(self.maps(x))

    def maps(self, x: Tensor) -> Tensor:
        """(n, 512, 5, 5): the last maps, each place of which still sees a part of the face."""
        made: Tensor = self.conv_6_sep(self.pool(self._staged("5", self._staged("4", x))))
        return made

    def head(self, maps: Tensor) -> Tensor:
        """(n, 3) logits, from the last maps."""
        x = self.conv_6_dw(maps).flatten(1)
        x = nn.functional.dropout(self.linear(x), 0.2, self.training)
        logits: Tensor = self.prob(x)
        return logits


def even(x: Tensor) -> Tensor:
    """(n, 3, h, w) with each channel's mean brought to GREY: what a camera's white and exposure do.

    The grey world of Buchsbaum (1980, Journal of the Franklin Institute 310), over the crop.
    """
    return x * (GREY / x.mean((2, 3), keepdim=True).clamp(min=1.0))


def bona_fide_logit(logits: Tensor) -> Tensor:
    """(n,) ln(p / (1 - p)) of the bona fide class: the two kinds of attack are one here."""
    attack = torch.logsumexp(logits[:, [0, 2]], 1)
    return logits[:, 1] - attack


def read_weights(network: MiniFASNet, path: Path) -> None:
    """Fills the network with the numbers of an ONNX file of the same architecture."""
    with torch.no_grad():
        for number, parameter in _pairs(network, onnx.load(path)):
            values = torch.from_numpy(numpy_helper.to_array(number).copy())
            parameter.copy_(values.T if number.name.endswith(".matrix") else values)


def write_weights(network: MiniFASNet, template: Path, target: Path) -> None:
    """Writes the graph of `template` with the network's numbers as `target`.

    A network whose colours are evened takes the picture as the others do: `even` is in its graph.
    """
    model = onnx.load(template)
    by_name = {number.name: number for number in model.graph.initializer}
    for number, parameter in _pairs(network, model):
        values = parameter.detach().cpu().numpy().astype(np.float32)
        _put(number, values.T if number.name.endswith(".matrix") else values)
        if number.name.endswith("_scaled_scale"):
            _put(by_name[number.name.replace("_scaled_", "_rest_")], 1 - values)
    if network.evened:
        _put_even_before(model.graph)
    save(model, target)


def _put_even_before(graph: onnx.GraphProto) -> None:
    """Puts `even` between the graph's input and what read it."""
    given = graph.input[0].name
    for node in graph.node:
        node.input[:] = ["evened" if name == given else name for name in node.input]
    numbers = {"even_grey": GREY, "even_least": 1.0}
    for name, value in numbers.items():
        graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    steps = [
        helper.make_node("GlobalAveragePool", [given], ["even_mean"]),
        helper.make_node("Max", ["even_mean", "even_least"], ["even_level"]),
        helper.make_node("Div", ["even_grey", "even_level"], ["even_gain"]),
        helper.make_node("Mul", [given, "even_gain"], ["evened"]),
    ]
    for at, step in enumerate(steps):
        graph.node.insert(at, step)


def _put(number: onnx.TensorProto, values: np.ndarray) -> None:
    number.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), number.name))


def _pairs(
    network: MiniFASNet, model: onnx.ModelProto
) -> list[tuple[onnx.TensorProto, nn.Parameter]]:
    """Each number of the file that is learnt, with the parameter that holds it in torch."""
    numbers = {number.name: number for number in model.graph.initializer}
    parameters = dict(network.named_parameters())
    made_by = {node.output[0]: node for node in model.graph.node}
    pairs = []
    for node in model.graph.node:
        if node.op_type == "BatchNormalization" and node.output[0].endswith("_scaled"):
            layer = _ours(made_by[node.input[0]].input[1]).removesuffix("conv.weight")
            pairs.append((numbers[node.input[1]], parameters.pop(f"{layer}prelu.weight")))
        elif node.op_type in ("Conv", "Gemm", "MatMul"):
            named = [name for name in node.input if name in numbers]
            pairs += [(numbers[name], parameters.pop(_ours(name))) for name in named]
    assert not parameters, f"not in the file: {', '.join(parameters)}"
    return pairs


def _ours(name: str) -> str:
    """The name in MiniFASNet of a number named as the authors do, as in conv_3.model.0."""
    for stage in NAMES:
        previous = int(stage) - 1
        name = name.replace(f"conv_{previous}{stage}.", f"stages.{stage}.0.")
        if name.startswith(f"conv_{stage}.model."):
            rest = name.removeprefix(f"conv_{stage}.model.")
            block, _, tail = rest.partition(".")
            name = f"stages.{stage}.{int(block) + 1}.{tail}"
    return name.replace(".matrix", ".weight").replace("linear.b", "linear.bias")
