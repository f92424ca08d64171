"""How much each network's logit counts in Fused Multimodal; fitted by fit.py, see README.md."""

WEIGHTS = (0.283, 0.200, 0.422)  # texture, context, hybrid
BIAS = -0.131
