"""Makes minifasnet_v1se_2020jul.onnx from Silent-Face-Anti-Spoofing's own weights.

python -m models.context.convert 4_0_0_80x80_MiniFASNetV1SE.pth
"""

import sys
from pathlib import Path

from models.hybrid.convert import convert

SOURCE_SHA256 = "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990"
TARGET = Path(__file__).with_name("minifasnet_v1se_2020jul.onnx")

if __name__ == "__main__":
    convert(Path(sys.argv[1]), SOURCE_SHA256, TARGET)
