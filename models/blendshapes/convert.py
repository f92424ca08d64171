"""Makes face_blendshapes_2023may.onnx from MediaPipe's Face Landmarker.

python -m models.blendshapes.convert face_landmarker.task
"""

import sys
from pathlib import Path

from models.convert import from_task, save

TARGET = Path(__file__).with_name("face_blendshapes_2023may.onnx")

if __name__ == "__main__":
    save(from_task(Path(sys.argv[1]), "face_blendshapes.tflite"), TARGET)
