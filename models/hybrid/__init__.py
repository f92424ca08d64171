"""The network of the Hybrid model: MiniFASNetV2."""
