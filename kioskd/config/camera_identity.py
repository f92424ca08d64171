"""Which camera a feed is said to be: a digest that changes when another one is named.

It is made of what stands in config.yaml, without the user and the password of an address, and with
${NAME} as it stands there. So it is the same after every start and after a change of passwords, and
says nothing to whoever does not know the address. It is no proof that the device is the same one.
"""

import hashlib
import json
from urllib.parse import urlsplit, urlunsplit

from kioskd.config.config_keys import AnyFeed, FileFeed, RealSenseFeed, UsbFeed

DIGITS = 16  # hexadecimal, as of the configuration's digest


def camera_id(feed: AnyFeed) -> str:
    """16 hexadecimal digits."""
    named = json.dumps([feed.kind, *_named(feed)], ensure_ascii=False)
    return hashlib.sha256(named.encode()).hexdigest()[:DIGITS]


def _named(feed: AnyFeed) -> tuple[str, ...]:
    if isinstance(feed, UsbFeed):
        return (str(feed.device),)
    if isinstance(feed, FileFeed):
        return (feed.path,)
    if isinstance(feed, RealSenseFeed):
        return (feed.serial or "", feed.recording or "")
    return (_without_user(feed.url.get_secret_value()),)


def _without_user(address: str) -> str:
    try:
        url = urlsplit(address)
    except ValueError:
        return address
    return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))
