"""Which device a feed's pictures really come from, by what another one would have to copy.

A set of facts, each a name and a text, alike each time that the same camera is opened:

    usb           model and serial number, as the camera says them, and the port that it hangs on
    realsense     its serial number
    rtsps, https  SHA-256 of the certificate that it shows (certificate)
    rtsp, http    the address of its network card, where it is on the same network (card)

None of a recording, nor of a network camera that shows no certificate and is further away.
What a camera says of itself can be copied by who builds one; a port cannot be, but by who is there.
"""

import hashlib
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic

from feeds import knock
from feeds.feed_settings import RealSenseSource, Source, StreamSource, UsbSource
from feeds.urls import Address, UrlError, allowed, parts

Facts = Mapping[str, str]

SYS = Path("/sys")
# Drivers that give pictures which no lens saw, or USB cameras that no port holds: where their
# devices stand in /sys, and how such programs call theirs.
_NO_BUS = ("vivid", "vimc", "vhci_hcd", "dummy_hcd", "dummy_udc", "virtual")
_NAMES = re.compile(
    r"virtual|loopback|dummy video|obs[- ]|akvcam|droidcam|iriun|manycam|snap camera", re.IGNORECASE
)
_ARP = Path("/proc/net/arp")
_NO_CARD = "00:00:00:00:00:00"


def plugged_in(source: Source) -> dict[str, str]:
    """The facts of an open source, but for its certificate. Empty where nothing can be told."""
    match source:
        case UsbSource():
            node = f"/dev/video{source.device}" if isinstance(source.device, int) else source.device
            return local(os.path.realpath(node))
        case RealSenseSource():
            return {"serial": source.serial}
        case StreamSource():
            return _card(_address(source))
    return {}


def local(node: str, sys: Path | None = None) -> dict[str, str]:
    """Of the camera at a node such as /dev/video0."""
    sys = sys or SYS
    place = _place(node, sys)
    usb = next((folder for folder in place.parents if (folder / "idVendor").is_file()), None)
    if usb is None:
        return {"model": _told(place, "name"), "port": _port(place.parent.parent, sys)}
    model = f"{_told(usb, 'idVendor')}:{_told(usb, 'idProduct')} {_told(usb, 'product')}"
    return {"model": model.strip(), "serial": _told(usb, "serial"), "port": _port(usb, sys)}


def virtual(node: str, sys: Path | None = None) -> str | None:
    """What a camera at a node is called, if a program gives its pictures and no lens; else None."""
    sys = sys or SYS
    place = _place(node, sys)
    name = _told(place, "name") or os.path.basename(node)
    on_no_bus = any(step.startswith(_NO_BUS) for step in _steps(place, sys))
    return name if on_no_bus or _NAMES.search(name) else None


def certificate(source: Source, within_s: float) -> dict[str, str]:
    """The fact of a camera that speaks TLS; empty for others. Raises knock.Closed or OSError."""
    address = _address(source)
    if address is None or address.scheme not in ("rtsps", "https"):
        return {}
    with knock.connected(address, monotonic() + within_s) as line:
        shown = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
    return {"certificate": hashlib.sha256(shown or b"").hexdigest()}


def differences(known: Facts, seen: Facts) -> str:
    """What is not as it was, for people: "serial 12 is 34 now, and ..."; "" if nothing."""
    return " and ".join(_differences(known, seen))


def _differences(known: Facts, seen: Facts) -> Iterator[str]:
    for name in {**known, **seen}:
        before, now = (told.get(name) or "none" for told in (known, seen))
        if before != now:
            yield f"{name} {before} is {now} now"


def _address(source: Source) -> Address | None:
    if not isinstance(source, StreamSource):
        return None
    try:
        return parts(allowed(source.url))
    except UrlError:
        return None


def _place(node: str, sys: Path) -> Path:
    """Where the kernel keeps a video node's device."""
    return (sys / "class/video4linux" / os.path.basename(node)).resolve()


def _steps(device: Path, sys: Path) -> tuple[str, ...]:
    """From the machine down to a device; none where it does not lie in /sys."""
    devices = sys.resolve() / "devices"
    return device.relative_to(devices).parts if device.is_relative_to(devices) else ()


def _told(folder: Path, name: str) -> str:
    """One line out of the kernel, such as a serial number; "" where it has none."""
    try:
        return (folder / name).read_text(errors="replace").strip()[:200]
    except OSError:
        return ""


def _port(device: Path, sys: Path) -> str:
    """The way to a device's socket, without the number of its bus, which may be another tomorrow:
    pci0000:00/0000:00:14.0/usb1/1-1/1-1.2 is pci0000:00/0000:00:14.0/usb/1.2.
    """
    steps = _steps(device, sys)
    sockets = [step.partition("-")[2] for step in steps if re.fullmatch(r"\d+-[\d.]+", step)]
    before = [step for step in steps if not re.fullmatch(r"usb\d+|\d+-[\d.]+", step)]
    return "/".join([*before, "usb", sockets[-1]] if sockets else before)


def _card(address: Address | None, table: Path = _ARP) -> dict[str, str]:
    """The network card's address, from the kernel's neighbours (IPv4 alone)."""
    if address is None:
        return {}
    try:
        found = socket.getaddrinfo(address.host, address.port, socket.AF_INET, socket.SOCK_STREAM)
        lines = table.read_text(errors="replace").splitlines()[1:]
    except (OSError, UnicodeError):
        return {}
    numbers = {str(place[0]) for *_, place in found}
    cards = {row[3] for row in map(str.split, lines) if len(row) > 3 and row[0] in numbers}
    return {"card": min(cards)} if cards - {_NO_CARD} and len(cards) == 1 else {}
