"""Makes face_landmarks_detector_2023may.onnx from MediaPipe's Face Landmarker.

    python -m models.making.conversion.mesh face_landmarker.task

A .task file is a zip of TFLite networks. tf2onnx (which wants tensorflow beside it) turns the
landmark network into ONNX; then its batch is fixed at one face and its PReLU unfolded.
"""

import sys
from pathlib import Path

from models.making.conversion.conversion_steps import MODELS, from_task, save, unfold_prelu

TARGET = MODELS / "mesh" / "face_landmarks_detector_2023may.onnx"


def convert(source: Path, target: Path) -> None:
    model = from_task(source, "face_landmarks_detector.tflite")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    unfold_prelu(model)
    save(model, target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), TARGET)
