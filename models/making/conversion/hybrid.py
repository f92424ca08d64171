"""Makes minifasnet_v2_2020jul.onnx from Silent-Face-Anti-Spoofing's own weights.

python -m models.making.conversion.hybrid 2.7_80x80_MiniFASNetV2.pth
"""

import sys
from pathlib import Path

from models.making.conversion.conversion_steps import BASE
from models.making.minifasnet import V2, convert

SOURCE_SHA256 = "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0"
TARGET = BASE / "minifasnet_v2_2020jul.onnx"

if __name__ == "__main__":
    convert(Path(sys.argv[1]), SOURCE_SHA256, V2, TARGET)
