"""For controllers in Python: open a session at a kiosk, wait for its result, and prove it.

    from kioskd.client import Client, granted

    desk = Client("https://kiosk-07:8480", secret)
    opened = desk.create("main", verify_image=photo, nonce=fresh)
    result = desk.wait(opened["sessionId"], timeout_s=60)
    granted(result, trusted_keys, nonce=fresh, door="main")   # raises NotGranted, which says why

docs/connect/sessions.md tells the rest.
"""

from kioskd.client.asked import AsyncClient, Client, Refused, Unreachable
from kioskd.client.granted import NotGranted, granted

__all__ = ["AsyncClient", "Client", "NotGranted", "Refused", "Unreachable", "granted"]
