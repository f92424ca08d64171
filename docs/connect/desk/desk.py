#!/usr/bin/env python3
"""A badge number in, a verified person out: a controller to copy.

    kioskd run -c docs/connect/desk/config.yaml
    python docs/connect/desk/desk.py 1001

It opens a session with the badge's photograph as reference, waits for its result, checks the
signature, and says whether it would open. Without a badge it serves a page at --port on which
a badge can be typed in. DESK_SECRET is the client's secret.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import secrets
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from kioskd.client import Client, NotGranted, Refused, Unreachable, granted

HERE = Path(__file__).resolve().parent
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Desk</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:1.5rem sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem}}
input,button{{font:inherit;padding:.4rem}} .open{{color:#0a6b2d}} .shut{{color:#a4161a}}</style>
<h1>Show your badge</h1>
<form method="post"><label>Badge <input name="badge" inputmode="numeric" autofocus required>
</label> <button>Ask</button></form><p class="{kind}" role="status">{said}</p></html>"""


class Desk:
    """One door, its kiosk, and the photographs of who has a badge."""

    def __init__(self, client: Client, trusted: dict[str, str], door: str, badges: Path) -> None:
        self._client, self._trusted = client, trusted
        self._door, self._badges = door, badges

    def ask(self, badge: str) -> tuple[bool, str]:
        """Whether the badge's owner stands live at the door, and what to say."""
        photograph = self._badges / f"{badge}.jpg"
        if not re.fullmatch(r"[0-9]{1,12}", badge) or not photograph.is_file():
            return False, f"shut: there is no badge {badge[:12]!r}"
        nonce = secrets.token_urlsafe(16)
        try:
            opened = self._client.create(
                self._door,
                verify_image=photograph.read_bytes(),
                nonce=nonce,
                authTokenTimeToLiveInSeconds=60,
                numberOfClientAttemptsAllowed=3,
                deviceCorrelationId="desk-1",
                userCorrelationId=f"badge-{badge}",
            )
            result = self._client.wait(opened["sessionId"], timeout_s=65.0)
            told = granted(result, self._trusted, nonce=nonce, door=self._door)
            self._client.delete(opened["sessionId"])
        except NotGranted as refusal:
            return False, f"shut: {refusal} ({refusal.code})"
        except (Refused, Unreachable, TimeoutError) as error:
            return False, f"shut: {error}"
        match = told["result"]["response"]["body"]["verifyResult"]
        return True, f"open: badge {badge}, live, confidence {match['matchConfidence']:.3f}"


def page(desk: Desk) -> type[BaseHTTPRequestHandler]:
    """The desk's screen."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._show("", "")

        def do_POST(self) -> None:
            length = min(int(self.headers.get("content-length", 0)), 1000)
            form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
            opens, said = desk.ask(form.get("badge", [""])[0])
            self._show("open" if opens else "shut", said)

        def _show(self, kind: str, said: str) -> None:
            body = PAGE.format(kind=kind, said=html.escape(said)).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def trusted_keys(config: Path) -> dict[str, str]:
    """What `kioskd keys` prints on the kiosk; a real desk keeps it in a file of its own."""
    kioskd = [sys.executable, "-m", "kioskd", "keys", "-c", str(config)]
    printed = subprocess.run(kioskd, check=True, capture_output=True, text=True).stdout
    return {key["keyId"]: key["publicKey"] for key in json.loads(printed)["keys"]}


def main() -> int:
    parser = argparse.ArgumentParser(description="A badge number in, a verified person out.")
    parser.add_argument("badge", nargs="?", help="ask once; without it a page is served")
    parser.add_argument("--kiosk", default="http://127.0.0.1:8480", help="the kiosk's page")
    parser.add_argument("--config", type=Path, default=HERE / "config.yaml", help="the kiosk's")
    parser.add_argument("--badges", type=Path, default=HERE / "badges", help="photographs")
    parser.add_argument("--door", default="main")
    parser.add_argument("--port", type=int, default=8490)
    given = parser.parse_args()
    secret = os.environ.get("DESK_SECRET", "any-secret-of-16-characters")
    client = Client(given.kiosk, secret)
    desk = Desk(client, trusted_keys(given.config), given.door, given.badges)
    if given.badge is not None:
        opens, said = desk.ask(given.badge)
        print(said)
        return 0 if opens else 1
    print(f"the desk is at http://127.0.0.1:{given.port}/")
    ThreadingHTTPServer(("127.0.0.1", given.port), page(desk)).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
