"""Configuration: config.yaml as typed settings, and every mistake in it told at once."""
