"""Makes minifasnet_v1se_2020jul.onnx from Silent-Face-Anti-Spoofing's own weights.

python -m models.making.conversion.context 4_0_0_80x80_MiniFASNetV1SE.pth
"""

import sys
from pathlib import Path

from models.making.conversion.conversion_steps import BASE
from models.making.minifasnet import V1SE, convert

SOURCE_SHA256 = "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990"
TARGET = BASE / "minifasnet_v1se_2020jul.onnx"

if __name__ == "__main__":
    convert(Path(sys.argv[1]), SOURCE_SHA256, V1SE, TARGET)
