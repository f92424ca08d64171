"""Measure what a door's settings are worth, on recordings whose truth is known."""
