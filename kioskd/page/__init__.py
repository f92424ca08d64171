"""The aiming page and the kiosk's screen: they read what happens at the doors, and change nothing.

An extra, `page`. docs/install/aiming.md takes an installer through it.
"""
