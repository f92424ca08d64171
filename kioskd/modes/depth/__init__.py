"""Modes that look with a depth camera. Pure."""
