"""How much each network's logit counts in Fused Multimodal; fitted by fit.py, see README.md."""

WEIGHTS = (0.327, 0.193, 0.414)  # texture, context, hybrid
BIAS = -0.114
