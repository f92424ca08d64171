// The text of a Node-RED function node: it opens on what docs/connect/mqtt.md lets it, on nothing else.
//
// Before it:  an `mqtt in` node for the topic of this door's action and one for its kiosk's status, QoS 1,
//             output "a Buffer"; the broker with MQTT 5, a clean start, no session expiry
// Setup tab:  2 outputs; the module `crypto`, imported as `crypto`
// env of the flow: KIOSK_KEYS   publicKey of each key that `kioskd keys export` prints, with spaces between
//             DOOR_TOPIC, DOOR_ACTION, DOOR_ATTRIBUTE (`-`: has none), DOOR_NAME and DOOR_CAMERA ("": any)
// Output 1:   "open": pulse the lock for 5 to 10 s; then nothing for 4 s
// Output 2:   why not, or "status": for a debug node

const APART_MS = 2000;
const LONGEST_MS = 5000;
const topic = env.get("DOOR_TOPIC");
const [site, device, source] = topic.split("/").slice(-4, -1);
const statusTopic = topic.split("/").slice(0, -2).join("/") + "/status";
const kept = context.get("kept") ?? { online: null, known: "", newest: 0, last: {} };

function need(holds, why) {
    if (holds !== true) throw new Error(why);
}

function isOf(name, value) {
    const asked = env.get(name) ?? "";
    return asked === "" || asked === value;
}

// What the kiosk signed for this subject, the topic without its prefix.
function proved(subject, payload) {
    need(Buffer.isBuffer(payload), "set the output of `mqtt in` to a Buffer");
    const tail = payload.subarray(-97).toString("latin1");
    const [, written] = /^,"sig":"([\w-]{85}[AQgw])"\}\}$/.exec(tail) ?? [];
    need(written !== undefined, "no signature"); // 64 bytes are written in one way alone
    const signed = Buffer.concat([Buffer.from(`kioskd-1\n${subject}\n`), payload.subarray(0, -97)]);
    const signature = Buffer.from(written, "base64url");
    const keys = env.get("KIOSK_KEYS").trim().split(/\s+/);
    need(keys.some((key) => crypto.verify(null, signed, publicKey(key), signature)), "no known key");
    return JSON.parse(payload.toString("utf8"));
}

function publicKey(text) {
    const x = Buffer.from(text, "base64").toString("base64url");
    return crypto.createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function status(payload) {
    const said = proved(`${site}/${device}/status`, payload);
    const boot = said.bootId;
    const seq = said.x.seq ?? 0; // a last will has none
    need(typeof boot === "string" && Number.isSafeInteger(seq), "no status");
    need(seq === 0 || boot !== kept.known || seq >= kept.newest, "an old status");
    kept.newest = seq || (boot === kept.known ? kept.newest : 0);
    kept.known = boot;
    kept.online = said.state === "online" && seq > 0 ? boot : null;
}

function opens(payload, now) {
    const said = proved(`${site}/${device}/${source}/action`, payload);
    const ours = said.x;
    need((said.siteId ?? site) === site && (ours.deviceId ?? device) === device, "another kiosk");
    need((said.sourceId ?? source) === source, "another source");
    need(isOf("DOOR_NAME", ours.doorId) && isOf("DOOR_CAMERA", ours.cameraId), "another door");
    need(said.actionId === env.get("DOOR_ACTION"), "another action");
    const attribute = env.get("DOOR_ATTRIBUTE");
    need(attribute === "-" || said[attribute] === "true", "not confirmed");
    const captured = ours.capturedAt ?? said.endTime;
    const boot = ours.bootId ?? ours.boot;
    need([captured, ours.expiresAt, ours.seq].every(Number.isSafeInteger), "a number is missing");
    need(typeof boot === "string" && boot.length >= 8, "no boot id");
    need(now < ours.expiresAt && ours.expiresAt <= now + LONGEST_MS + APART_MS, "late, or of the future");
    need(captured <= now + APART_MS, "of the future");
    need(ours.seq > (kept.last[boot.slice(0, 8)] ?? 0), "seen, or before one that was");
    need(kept.online !== null && kept.online.startsWith(boot), "kiosk not online");
    kept.last[boot.slice(0, 8)] = ours.seq;
}

// Whatever goes wrong in here keeps the door shut.
try {
    if (msg.topic === statusTopic) {
        status(msg.payload);
        context.set("kept", kept);
        return [null, { payload: "status" }];
    }
    need(msg.topic === topic, "another topic");
    need(msg.retain === false, "retained");
    opens(msg.payload, Date.now());
    context.set("kept", kept);
    return [{ payload: "open" }, null];
} catch (error) {
    return [null, { payload: `shut: ${error.message}` }];
}
