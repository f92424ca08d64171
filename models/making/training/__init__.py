"""How the three liveness networks were trained (docs/change/training.md); no door needs it."""
