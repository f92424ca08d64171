"""What each command does, a file for each; kioskd/cli.py says how it is called."""
