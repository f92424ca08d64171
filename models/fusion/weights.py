"""How much each network's logit counts in Fused Multimodal; fitted by fit.py, see README.md."""

WEIGHTS = (0.35, 0.35, 0.35)  # texture, context, hybrid
BIAS = 0.0
