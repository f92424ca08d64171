"""How the three liveness networks were trained (docs/training.md); no door needs it."""
