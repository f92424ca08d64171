"""The challenge family: a person is asked for an action, or for several, and does it. Pure."""
