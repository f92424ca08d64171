"""Secure access with smile. Pure."""
