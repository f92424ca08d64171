"""How the four liveness networks were trained (docs/change/training.md); no door needs it."""
