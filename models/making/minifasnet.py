"""MiniFASNet, the network that judges liveness: its layers, written down once, in torch.

Training (models/making/training) moves its numbers, `onnx_export` writes it as the file that a
door runs, and the conversions fill it with what its authors published. The layers are named as
the authors name them. Their batch normalisation is folded into the convolutions before it: that
is just what fine-tuning on little data wants, for the statistics of the large data that the
authors trained on stay as they are, and what is written computes at the same speed.
"""

from collections.abc import Mapping
from io import BytesIO
from math import ceil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.liveness.bona_fide import SIDE
from models.making import onnx_export
from models.making.conversion.conversion_steps import checked

Floats = NDArray[np.float32]

# Width inside each bottleneck, by stage; the first of a stage has stride 2, the rest add to
# what they are given. Outside the widths are 32, 64, 128, 128.
Stages = tuple[tuple[int, ...], ...]
V2: Stages = ((103, 13, 13, 13, 13), (231, 231, 52, 26, 77, 26, 26), (308, 26, 26))
V1SE: Stages = ((103, 13, 26, 13, 52), (231, 154, 52, 26, 52, 26, 26), (308, 26, 26))
GREY = 110.0  # 0..255; about the mean of all crops trained on
BATCH_NORM_EPSILON = 1e-5  # torch's default, which the authors trained with


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


class Stage(nn.Module):
    """Bottlenecks of one width, each of which adds to what it is given.

    `excited`: the last of them ends in squeeze and excitation.
    """

    def __init__(self, width: int, insides: tuple[int, ...], excited: bool) -> None:
        super().__init__()
        self.model = nn.ModuleList(
            Bottleneck(width, inside, width, 1, excited and number == len(insides))
            for number, inside in enumerate(insides, start=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        for block in self.model:
            x = x + block(x)
        return x


class Even(nn.Module):
    """Each channel's mean brought to GREY: what a camera's white and exposure do.

    The grey world of Buchsbaum (1980, Journal of the Franklin Institute 310), over the crop.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x * (GREY / x.mean((2, 3), keepdim=True).clamp(1.0))


class MiniFASNet(nn.Module):
    """(n, 3, side, side) BGR 0..255 -> (n, 3) logits; 1 = bona fide, 0 and 2 kinds of attack.

    Its head's 5x5 fits a side of 80. The maps of a larger picture are averaged down to that.
    """

    def __init__(self, stages: Stages = V2, evened: bool = False, side: int = SIDE) -> None:
        super().__init__()
        (first_3, *rest_3), (first_4, *rest_4), (first_5, *rest_5) = stages
        excited = stages is V1SE
        self.evened = evened
        self.even = Even() if evened else nn.Identity()
        self.conv1 = Convolution(3, 32, 3, 2, pad=1)
        self.conv2_dw = Convolution(32, 32, 3, apart=True, pad=1)
        self.conv_23 = Bottleneck(32, first_3, 64, 2, False)
        self.conv_3 = Stage(64, tuple(rest_3), excited)
        self.conv_34 = Bottleneck(64, first_4, 128, 2, False)
        self.conv_4 = Stage(128, tuple(rest_4), excited)
        self.conv_45 = Bottleneck(128, first_5, 128, 2, False)
        self.conv_5 = Stage(128, tuple(rest_5), excited)
        over = ceil(side / 16) - 4  # four halvings came before
        self.pool = nn.Identity() if over == 1 else nn.AvgPool2d(over, 1)
        self.conv_6_sep = Convolution(128, 512, 1)
        self.conv_6_dw = Convolution(512, 512, 5, bent=False, apart=True)  # 5x5 on 5x5
        self.linear = nn.Linear(512, 128)
        self.prob = nn.Linear(128, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.judge(self.see(x))

    def see(self, x: Tensor) -> Tensor:
        """(n, 3, side, side) -> (n, 64, side / 4, side / 4): the first layers, which stay."""
        seen: Tensor = self.conv_3(self.conv_23(self.conv2_dw(self.conv1(self.even(x)))))
        return seen

    def seeing(self) -> list[nn.Parameter]:
        """The numbers of those first layers."""
        first = (self.conv1, self.conv2_dw, self.conv_23, self.conv_3)
        return [number for part in first for number in part.parameters()]

    def judge(self, x: Tensor) -> Tensor:
        """(n, 64, side / 4, side / 4) -> (n, 3): what is made of what was seen."""
        return self.head(self.maps(x))

    def maps(self, x: Tensor) -> Tensor:
        """(n, 512, 5, 5): the last maps, each place of which still sees a part of the face."""
        x = self.conv_5(self.conv_45(self.conv_4(self.conv_34(x))))
        made: Tensor = self.conv_6_sep(self.pool(x))
        return made

    def head(self, maps: Tensor) -> Tensor:
        """(n, 3) logits, from the last maps."""
        x = self.conv_6_dw(maps).flatten(1)
        x = nn.functional.dropout(self.linear(x), 0.2, self.training)
        logits: Tensor = self.prob(x)
        return logits


def bona_fide_logit(logits: Tensor) -> Tensor:
    """(n,) ln(p / (1 - p)) of the bona fide class: the two kinds of attack are one here."""
    attack = torch.logsumexp(logits[:, [0, 2]], 1)
    return logits[:, 1] - attack


# What the shipped context network calls these: other names would be other bytes.
EVEN = {
    "mean": "even_mean",
    "clamp": "even_level",
    "clamp_1": "even_least",
    "truediv": "even_gain",
    "truediv_0": "even_grey",
    "mul": "evened",
}


def write(network: MiniFASNet, target: Path, side: int = SIDE) -> None:
    """Writes the network as an ONNX file of any batch size, from `input` to `logits`."""
    given, made = ("input", ("n", 3, side, side)), ("logits", ("n", 3))
    onnx_export.write(network, target, given, made, EVEN if network.evened else {})


def convert(source: Path, sha256: str, stages: Stages, target: Path) -> None:
    """Writes what the authors published, in a file of torch's, as an ONNX file."""
    packed = BytesIO(checked(source, sha256))
    network = MiniFASNet(stages)
    network.load_state_dict(folded(torch.load(packed, map_location="cpu", weights_only=True)))
    write(network, target)


NORMS = {"conv": "bn", "fc1": "bn1", "fc2": "bn2", "linear": "bn"}  # each layer's, in their file


def folded(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' numbers, each batch normalisation folded into the layer before it.

    Named as `MiniFASNet` names them; a layer that had no bias of its own gets one. By numpy, whose
    roots are rounded alike on every machine, as torch's are not.
    """
    theirs = {name.removeprefix("module."): numbers.numpy() for name, numbers in published.items()}
    ours = {}
    for name, numbers in theirs.items():
        *before, layer, _ = name.split(".")
        if layer in NORMS:
            scale, shift = _scale_and_shift(theirs, ".".join((*before, NORMS[layer])))
            ours[name] = numbers * scale.reshape(-1, *(1,) * (numbers.ndim - 1))
            ours[".".join((*before, layer, "bias"))] = shift
        elif layer in ("prelu", "prob"):
            ours[name] = numbers
    return {name: torch.from_numpy(numbers) for name, numbers in ours.items()}


def _scale_and_shift(numbers: Mapping[str, Floats], norm: str) -> tuple[Floats, Floats]:
    """One number a channel each: what a batch normalisation comes down to."""
    mean, variance = (numbers[f"{norm}.running_{part}"] for part in ("mean", "var"))
    scale = numbers[f"{norm}.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
    return scale, numbers[f"{norm}.bias"] - mean * scale
