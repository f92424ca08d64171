"""Kiosks without cameras, whose rows, states, health and alarms are made by a kiosk's own code."""
