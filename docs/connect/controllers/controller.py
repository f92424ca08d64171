#!/usr/bin/env python3
"""A door controller to copy: it opens on what docs/connect/mqtt.md lets it, and on nothing else.

    controller.py KEYS TOPIC ACTION ATTRIBUTE HOST PORT   # KEYS: what `kioskd keys` prints, a file
    controller.py KEYS TOPIC ACTION ATTRIBUTE < conformance.jsonl

DOOR and CAMERA in the environment are x.doorId and x.cameraId of this door, where you know them. It
needs cryptography, and paho-mqtt for a broker; give the client the TLS and password of yours.
"""

import base64
import json
import os
import sys
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FILE, TOPIC, ACTION, ATTRIBUTE = sys.argv[1:5]
with open(FILE) as file:
    KEYS = [base64.b64decode(key["publicKey"]) for key in json.load(file)["keys"]]
SITE, DEVICE, SOURCE = TOPIC.split("/")[-4:-1]
STATUS = TOPIC.rsplit("/", 2)[0] + "/status"
DOOR, CAMERA = os.environ.get("DOOR"), os.environ.get("CAMERA")  # None: any
APART_MS, LONGEST_MS = 2000, 5000

online, known, newest = None, "", 0  # boot ids, and x.seq of the newest status
last = {}  # by boot id, x.seq of the last event opened on: none comes twice, nor an older one


def need(holds, why):
    if not holds:
        raise ValueError(why)


def proved(subject, payload):
    content, tail = payload[:-97], payload[-97:]
    need(tail[:8] == b',"sig":"' and tail[-3:] == b'"}}', "no signature")
    signature = base64.b64decode(tail[8:-3] + b"==", b"-_", validate=True)
    need(tail[-4:-3] in (b"A", b"Q", b"g", b"w"), "64 bytes are written in one way alone")
    for key in KEYS:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(
                signature, b"kioskd-1\n" + subject.encode() + b"\n" + content
            )
            return json.loads(payload)
        except Exception:
            continue
    raise ValueError("no key that I know signed it for this topic")


def status(payload):
    global online, known, newest
    said = proved(f"{SITE}/{DEVICE}/status", payload)
    boot, seq = said["bootId"], said["x"]["seq"]
    need(seq is None or boot != known or seq >= newest, "an old status")
    newest = seq or (newest if boot == known else 0)
    known, online = boot, boot if said["state"] == "online" and seq else None


def opens(topic, payload, retained, now_ms):
    need(topic == TOPIC, "another topic")
    need(not retained, "retained")
    said = proved(f"{SITE}/{DEVICE}/{SOURCE}/action", payload)
    ours = said["x"]
    need(said.get("siteId", SITE) == SITE and ours.get("deviceId", DEVICE) == DEVICE, "kiosk")
    need(said.get("sourceId", SOURCE) == SOURCE, "another source")
    need(DOOR in (None, ours.get("doorId")) and CAMERA in (None, ours.get("cameraId")), "door")
    need(said["actionId"] == ACTION and said.get(ATTRIBUTE) == "true", "not confirmed")
    captured, expires = ours.get("capturedAt", said["endTime"]), ours["expiresAt"]
    need(now_ms < expires <= now_ms + LONGEST_MS + APART_MS, "late, or of the future")
    need(captured <= now_ms + APART_MS, "of the future")
    boot, seq = ours.get("bootId", ours.get("boot")), ours["seq"]
    need(seq > last.get(boot[:8], 0), "seen, or before one that was")
    need(online is not None and len(boot) >= 8 and online.startswith(boot), "kiosk not online")
    last[boot[:8]] = seq


def heard(topic, payload, retained, now_ms):
    """What to do: "open", or why not. Whatever goes wrong in here keeps the door shut."""
    try:
        if topic == STATUS:
            return status(payload) or "status"
        return opens(topic, payload, retained, now_ms) or "open"
    except Exception as error:
        return f"shut: {error}"


def pulse():
    print("OPEN", flush=True)  # here the lock, for 5 to 10 s; then nothing for 4 s


if len(sys.argv) < 7:
    for line in map(json.loads, sys.stdin):
        print(heard(line["topic"], line["payload"].encode(), line["retained"], line["at"]))
    sys.exit()

import paho.mqtt.client as mqtt  # noqa: E402

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
client.on_connect = lambda client, *_: client.subscribe([(TOPIC, 1), (STATUS, 1)])
client.on_subscribe = lambda *_: print("listening", flush=True)


@client.message_callback()
def on_message(client, userdata, message):
    answer = heard(message.topic, message.payload, message.retain, time.time_ns() // 10**6)
    print(message.topic, answer, flush=True)
    if answer == "open":
        pulse()


client.connect(sys.argv[5], int(sys.argv[6]), clean_start=True)
client.loop_forever()
