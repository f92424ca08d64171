"""Whether the live person is the one who was asked for."""
