"""The weights of the scheme Fused Multimodal."""
