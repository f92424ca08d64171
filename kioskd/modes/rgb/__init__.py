"""RGB liveness: one person, N frames, live or an attack or not known. Pure."""
