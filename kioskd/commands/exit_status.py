"""What every command ends with; kioskd/cli.py says what each means."""

OK, FAILED, WRONG = 0, 1, 2
