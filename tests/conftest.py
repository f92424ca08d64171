"""No test bets on the machine's speed: hypothesis sets no deadline for an example either."""

from hypothesis import settings

settings.register_profile("kioskd", deadline=None)
settings.load_profile("kioskd")
