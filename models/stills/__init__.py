"""What is told of one still image of a face, beside what is told of a frame of a camera.

Each file is a measure with its own scale (docs/understand/scales.md, "Of a still"): numbers, and no
opinion. None where something cannot be told.
"""
