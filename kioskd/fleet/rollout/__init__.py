"""Rolls a layer out to a fleet: a part of the kiosks first, then all, and back if it does harm."""
