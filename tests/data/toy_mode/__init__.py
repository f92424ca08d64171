"""A mode for a test alone: a folder as docs/change/add-a-mode.md asks for."""
