"""Secure access with smile and RGB liveness. Pure."""
