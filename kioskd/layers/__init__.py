"""What a fleet says of this kiosk's configuration, taken only where its own file lets it."""
