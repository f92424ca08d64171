"""Judges one still image: is it fit, what covers the face, and is it a picture of a picture."""
