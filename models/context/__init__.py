"""The network of the Context model: MiniFASNetV1SE."""
