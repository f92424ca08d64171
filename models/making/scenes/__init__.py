"""SYNTHETIC scenes: heads and attacks before a drawn depth camera. For training and tests only."""
