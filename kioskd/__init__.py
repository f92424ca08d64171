"""The kiosk daemon: decides from observations and delivers the events."""

__version__ = "0.1.0"
