"""A kiosk's configuration and state in one file, and the way back from it."""
