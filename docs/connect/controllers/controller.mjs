/* A door controller to copy: it opens on what docs/connect/mqtt.md lets it, and on nothing else.

       node controller.mjs KEYS TOPIC ACTION ATTRIBUTE HOST PORT   # KEYS: what `kioskd keys export` prints
       node controller.mjs KEYS TOPIC ACTION ATTRIBUTE < conformance.jsonl

   DOOR and CAMERA in the environment are x.doorId and x.cameraId of this door, where you know them;
   ATTRIBUTE is `-` for an action that has none. Node 18 or later has all it needs; a broker needs
   `npm install mqtt` besides: give its client the TLS and password of yours. */

import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [FILE, TOPIC, ACTION, ATTRIBUTE, HOST, PORT] = process.argv.slice(2);
const KEYS = JSON.parse(readFileSync(FILE, "utf8")).keys.map(({ publicKey }) => {
  const x = Buffer.from(publicKey, "base64").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
});
const [SITE, DEVICE, SOURCE] = TOPIC.split("/").slice(-4, -1);
const STATUS = TOPIC.split("/").slice(0, -2).join("/") + "/status";
const { DOOR, CAMERA } = process.env; // undefined: any
const APART_MS = 2000;
const LONGEST_MS = 5000;

let online = null; // the boot id of the kiosk while it is online
let known = ""; // the boot id of its last status, and the newest x.seq of one
let newest = 0;
const last = new Map(); // by boot id, x.seq of the last event opened on: none comes twice, nor an older

function need(holds, why) {
  if (holds !== true) throw new Error(why);
}

/* What the kiosk signed for this subject, the topic without its prefix; `payload` is a Buffer. */
function proved(subject, payload) {
  const tail = payload.subarray(-97).toString("latin1");
  const [, written] = /^,"sig":"([\w-]{85}[AQgw])"\}\}$/.exec(tail) ?? [];
  need(written !== undefined, "no signature"); // 64 bytes are written in one way alone
  const signed = Buffer.concat([Buffer.from(`kioskd-1\n${subject}\n`), payload.subarray(0, -97)]);
  const signature = Buffer.from(written, "base64url");
  need(KEYS.some((key) => verify(null, signed, key, signature)), "no key that I know signed it");
  return JSON.parse(payload.toString("utf8"));
}

function status(payload) {
  const said = proved(`${SITE}/${DEVICE}/status`, payload);
  const boot = said.bootId;
  const seq = said.x.seq ?? 0; // a last will has none
  need(typeof boot === "string" && Number.isSafeInteger(seq), "no status");
  need(seq === 0 || boot !== known || seq >= newest, "an old status");
  newest = seq || (boot === known ? newest : 0);
  known = boot;
  online = said.state === "online" && seq > 0 ? boot : null;
}

function opens(topic, payload, retained, now) {
  need(topic === TOPIC, "another topic");
  need(retained === false, "retained");
  const said = proved(`${SITE}/${DEVICE}/${SOURCE}/action`, payload);
  const ours = said.x;
  need((said.siteId ?? SITE) === SITE && (ours.deviceId ?? DEVICE) === DEVICE, "another kiosk");
  need((said.sourceId ?? SOURCE) === SOURCE, "another source");
  need(DOOR === undefined || ours.doorId === DOOR, "another door");
  need(CAMERA === undefined || ours.cameraId === CAMERA, "another camera");
  need(said.actionId === ACTION, "another action");
  need(ATTRIBUTE === "-" || said[ATTRIBUTE] === "true", "not confirmed");
  const captured = ours.capturedAt ?? said.endTime;
  const boot = ours.bootId ?? ours.boot;
  need([captured, ours.expiresAt, ours.seq, now].every(Number.isSafeInteger), "a number is missing");
  need(typeof boot === "string" && boot.length >= 8, "no boot id");
  need(now < ours.expiresAt && ours.expiresAt <= now + LONGEST_MS + APART_MS, "late, or of the future");
  need(captured <= now + APART_MS, "of the future");
  need(ours.seq > (last.get(boot.slice(0, 8)) ?? 0), "seen, or before one that was");
  need(online !== null && online.startsWith(boot), "kiosk not online");
  last.set(boot.slice(0, 8), ours.seq);
}

/* What to do: "open", or why not. Whatever goes wrong in here keeps the door shut. */
function heard(topic, payload, retained, now) {
  try {
    if (topic === STATUS) {
      status(payload);
      return "status";
    }
    opens(topic, payload, retained, now);
    return "open";
  } catch (error) {
    return `shut: ${error.message}`;
  }
}

function pulse() {
  console.log("OPEN"); // here the lock, for 5 to 10 s; then nothing for 4 s
}

function follow() {
  const mqtt = createRequire(import.meta.url)("mqtt");
  const client = mqtt.connect({ host: HOST, port: Number(PORT), protocolVersion: 5, clean: true });
  client.on("connect", () =>
    client.subscribe([TOPIC, STATUS], { qos: 1 }, (error) => console.log(error ?? "listening")),
  );
  client.on("error", (error) => console.log(error.message));
  client.on("message", (topic, payload, packet) => {
    const answer = heard(topic, payload, packet.retain, Date.now());
    console.log(topic, answer);
    if (answer === "open") pulse();
  });
}

if (HOST !== undefined) follow();
else
  for await (const line of createInterface({ input: process.stdin })) {
    const { topic, payload, retained, at } = JSON.parse(line);
    console.log(heard(topic, Buffer.from(payload, "utf8"), retained, at));
  }
