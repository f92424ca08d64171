"""Liveness on request: a controller opens a session, the kiosk runs it, its creator reads it."""
