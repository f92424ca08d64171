"""Secure access with profile pose. Pure."""
