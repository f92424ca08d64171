"""Expressions of a face, from its mesh."""
