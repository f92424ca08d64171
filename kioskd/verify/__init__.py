"""For controllers and collectors: is this message of the kiosk that it names, and may a door open?

    from kioskd.verify import Door, Verifier, read_keys

    door = Door("liveness/v1/hq/kiosk-07/door-3/action", "rgbLiveness", "livenessConfirmed",
                read_keys(Path("kiosk-07.keys.json").read_bytes()))
    verifier = Verifier(door)
    verdict = verifier.heard(topic, payload, retained, now_ms)   # of /status too
    if verdict.opens: ...

It shares no code with what signs, and needs nothing but cryptography and the standard library.
docs/connect/mqtt.md tells the rules.
"""

from kioskd.verify.chain import Chain
from kioskd.verify.door_rules import Door, Verdict, Verifier
from kioskd.verify.proof import KeyFileError, RefusedError, proved, read_keys, said_by

__all__ = [
    "Chain",
    "Door",
    "KeyFileError",
    "RefusedError",
    "Verdict",
    "Verifier",
    "proved",
    "read_keys",
    "said_by",
]
