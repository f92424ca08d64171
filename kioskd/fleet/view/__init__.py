"""What a fleet is like now: its kiosks, how its doors do against each other and their own past."""
