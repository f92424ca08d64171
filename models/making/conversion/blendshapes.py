"""Makes face_blendshapes_2023may.onnx from MediaPipe's Face Landmarker.

python -m models.making.conversion.blendshapes face_landmarker.task
"""

import sys
from pathlib import Path

from models.making.conversion.conversion_steps import MODELS, from_task, save

TARGET = MODELS / "blendshapes" / "face_blendshapes_2023may.onnx"

if __name__ == "__main__":
    save(from_task(Path(sys.argv[1]), "face_blendshapes.tflite"), TARGET)
