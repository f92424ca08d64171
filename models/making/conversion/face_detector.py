"""Makes face_detection_yunet_2023mar.onnx, of any size, from opencv_zoo's file of the same name.

    python -m models.making.conversion.face_detector SOURCE.onnx

The published file is fixed at 640x640 although nothing inside depends on that: its Resize
nodes carry factors, its Reshape nodes a -1. So only the declared sizes are opened.
"""

import sys
from pathlib import Path

import onnx

from models.making.conversion.conversion_steps import MODELS, checked, save

SOURCE_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
TARGET = MODELS / "face" / "face_detection_yunet_2023mar.onnx"


def convert(source: Path, target: Path) -> None:
    """Writes `source` with height and width left open (multiples of 32 work)."""
    model = onnx.load_from_string(checked(source, SOURCE_SHA256))
    graph = model.graph
    _name(graph.input[0], ("1", "3", "height", "width"))
    for output in graph.output:
        channels = str(output.type.tensor_type.shape.dim[2].dim_value)
        _name(output, ("1", "cells_" + output.name.rsplit("_", 1)[1], channels))
    del graph.value_info[:]  # the shapes in between were those of 640x640
    save(model, target)


def _name(value: onnx.ValueInfoProto, sizes: tuple[str, ...]) -> None:
    """Sets each size of a tensor: digits a fixed one, a word one to be given at run time."""
    for dim, size in zip(value.type.tensor_type.shape.dim, sizes, strict=True):
        if size.isdigit():
            dim.dim_value = int(size)
        else:
            dim.dim_param = size


if __name__ == "__main__":
    convert(Path(sys.argv[1]), TARGET)
