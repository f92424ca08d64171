/* A door controller to copy: it opens on what docs/connect/mqtt.md lets it, and on nothing else.

       cc -O2 -Wall -o controller controller.c -lmosquitto -lcrypto
       ./controller KEY TOPIC ACTION ATTRIBUTE DOOR CAMERA HOST PORT
       ./controller KEY TOPIC ACTION ATTRIBUTE DOOR CAMERA < messages

   KEY is the publicKey that `kioskd keys` prints; ATTRIBUTE, DOOR (x.doorId) and CAMERA (x.cameraId) may
   be `-` for none or any. The topic's prefix is liveness/v1. A message on standard input is a line: the
   clock in ms, 1 or 0 for retained, the topic, the payload in hexadecimal digits.

   JSON is read only once the kiosk's signature over its bytes is proved. So nobody but the kiosk wrote
   it, and the kiosk writes a member as "name":value, without spaces, each of these names once. Inside a
   string a quotation mark has a backslash before it, so no text in there looks like a member. */

#include <mosquitto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PREFIX "liveness/v1/"
#define TAIL 97       /* ,"sig":"86 characters"}} */
#define MOST 8192     /* bytes of a payload */
#define APART 2000    /* ms that the two clocks may be apart */
#define LONGEST 5000  /* ms that an action may be acted on */
#define WORD 128

static const char *topic, *action, *attribute, *door, *camera;
static char site[WORD], device[WORD], source[WORD], status_topic[4 * WORD];
static EVP_PKEY *key;

static char online[WORD], known[WORD]; /* boot ids: of the kiosk while online, of its last status */
static long long newest;               /* x.seq of that status */
static char last_boot[9];              /* of the last event opened on, and its x.seq: */
static long long last_seq;             /* none comes twice, nor an older one */

/* Whether the kiosk signed these bytes for this subject, the topic without its prefix. */
static int proved(const char *subject, const char *payload, size_t size) {
    char encoded[89], signed_[MOST + 4 * WORD];
    unsigned char signature[66];
    const char *tail = payload + size - TAIL;
    if (size <= TAIL || size > MOST || memchr(payload, 0, size)) return 0;
    if (memcmp(tail, ",\"sig\":\"", 8) || memcmp(tail + TAIL - 3, "\"}}", 3)) return 0;
    memcpy(encoded, tail + 8, 86);
    memcpy(encoded + 86, "==", 3);
    for (char *c = encoded; *c; c++) {
        if (*c == '+' || *c == '/') return 0;
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    }
    if (!strchr("AQgw", encoded[85])) return 0; /* 64 bytes are written in one way alone */
    if (EVP_DecodeBlock(signature, (unsigned char *)encoded, 88) != 66) return 0;
    int begin = snprintf(signed_, sizeof signed_ - MOST, "kioskd-1\n%s\n", subject);
    if (begin < 0 || (size_t)begin >= sizeof signed_ - MOST) return 0;
    memcpy(signed_ + begin, payload, size - TAIL);
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    int fits = check && EVP_DigestVerifyInit(check, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestVerify(check, signature, 64, (unsigned char *)signed_,
                                (size_t)begin + size - TAIL) == 1;
    EVP_MD_CTX_free(check);
    return fits;
}

/* The value of a member as it stands there, a string without its quotes; 0 unless it is there once. */
static int member(const char *json, const char *name, char *value) {
    char wanted[WORD + 4];
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(json, wanted);
    if (!at || strstr(at + 1, wanted)) return 0;
    at += strlen(wanted);
    size_t size = *at == '"' ? strcspn(at + 1, "\"\\") + 2 : strcspn(at, ",}]");
    if (size >= WORD || (*at == '"' && at[size - 1] != '"')) return 0;
    memcpy(value, at, size);
    value[size] = 0;
    return 1;
}

/* A member that is this string; where it is absent, `absent`. */
static int is(const char *json, const char *name, const char *text, int absent) {
    char value[WORD], quoted[WORD + 2];
    snprintf(quoted, sizeof quoted, "\"%s\"", text);
    return member(json, name, value) ? !strcmp(value, quoted) : absent;
}

static int string(const char *json, const char *name, char *text) {
    char value[WORD];
    if (!member(json, name, value) || value[0] != '"') return 0;
    value[strlen(value) - 1] = 0;
    strcpy(text, value + 1);
    return 1;
}

static int number(const char *json, const char *name, long long *found) {
    char value[WORD], *end;
    if (!member(json, name, value) || strspn(value, "0123456789") != strlen(value)) return 0;
    *found = strtoll(value, &end, 10);
    return value[0] && strlen(value) <= 18 && !*end;
}

/* Why a status changes nothing; NULL where it was noted. */
static const char *status(const char *payload, size_t size) {
    char subject[2 * WORD + 16], boot[WORD], seq[WORD];
    long long count = 0;
    snprintf(subject, sizeof subject, "%s/%s/status", site, device);
    if (!proved(subject, payload, size)) return "no signature of the kiosk's";
    if (!string(payload, "bootId", boot) || strlen(boot) < 8) return "no boot id";
    if (!member(payload, "seq", seq)) return "no number";
    if (strcmp(seq, "null") && !number(payload, "seq", &count)) return "no number";
    if (count && !strcmp(boot, known) && count < newest) return "an old status";
    newest = count ? count : strcmp(boot, known) ? 0 : newest;
    strcpy(known, boot);
    strcpy(online, count && is(payload, "state", "online", 0) ? boot : "");
    return NULL;
}

/* Why the door stays shut; NULL where it opens. */
static const char *shut(const char *on, const char *payload, size_t size, int retained,
                        long long now) {
    char boot[WORD];
    long long captured, expires, seq;
    if (strcmp(on, topic)) return "another topic";
    if (retained) return "retained";
    if (!proved(topic + strlen(PREFIX), payload, size)) return "no signature of the kiosk's";
    if (!is(payload, "siteId", site, 1) || !is(payload, "deviceId", device, 1)) return "kiosk";
    if (!is(payload, "sourceId", source, 1)) return "another source";
    if (strcmp(door, "-") && !is(payload, "doorId", door, 0)) return "another door";
    if (strcmp(camera, "-") && !is(payload, "cameraId", camera, 0)) return "another camera";
    if (!is(payload, "actionId", action, 0)) return "another action";
    if (strcmp(attribute, "-") && !is(payload, attribute, "true", 0)) return "not confirmed";
    if (!number(payload, "capturedAt", &captured) && !number(payload, "endTime", &captured)) /* short */
        return "no times";
    if (!number(payload, "expiresAt", &expires))
        return "no times";
    if (now >= expires) return "late";
    if (captured > now + APART || expires > now + LONGEST + APART) return "of the future";
    if (!string(payload, "bootId", boot) && !string(payload, "boot", boot)) return "no boot id";
    if (strlen(boot) < 8 || !number(payload, "seq", &seq)) return "no number";
    if (!strncmp(boot, last_boot, 8) && seq <= last_seq) return "seen, or before one that was";
    if (!*online || strncmp(online, boot, strlen(boot))) return "kiosk not online";
    memcpy(last_boot, boot, 8);
    last_seq = seq;
    return NULL;
}

/* `payload` ends in a zero byte that `size` does not count. */
static void heard(const char *on, const char *payload, size_t size, int retained, long long now) {
    int of_status = !strcmp(on, status_topic);
    const char *why = of_status ? status(payload, size) : shut(on, payload, size, retained, now);
    if (why) printf("shut: %s\n", why);
    else puts(of_status ? "status" : "open"); /* on "open": the lock, for 5 to 10 s */
    fflush(stdout);
}

static void arrived(struct mosquitto *client, void *data, const struct mosquitto_message *message) {
    static char payload[MOST + 2];
    struct timespec now;
    (void)client, (void)data;
    size_t size = message->payloadlen > MOST ? MOST + 1 : (size_t)message->payloadlen;
    if (size) memcpy(payload, message->payload, size);
    payload[size] = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    heard(message->topic, payload, size, message->retain,
          now.tv_sec * 1000LL + now.tv_nsec / 1000000);
}

static void connected(struct mosquitto *client, void *data, int code) {
    (void)data, (void)code;
    mosquitto_subscribe(client, NULL, topic, 1);
    mosquitto_subscribe(client, NULL, status_topic, 1);
}

static void subscribed(struct mosquitto *client, void *data, int id, int count, const int *qos) {
    (void)client, (void)data, (void)id, (void)count, (void)qos;
    puts("listening");
    fflush(stdout);
}

static int follow(const char *host, int port) {
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new(NULL, true, NULL); /* a clean session */
    if (!client) return 1;
    mosquitto_connect_callback_set(client, connected);
    mosquitto_subscribe_callback_set(client, subscribed);
    mosquitto_message_callback_set(client, arrived);
    /* here mosquitto_tls_set and mosquitto_username_pw_set, for a real broker */
    if (mosquitto_connect(client, host, port, 10) != MOSQ_ERR_SUCCESS) return 1;
    return mosquitto_loop_forever(client, -1, 1) != MOSQ_ERR_SUCCESS;
}

static int read_lines(void) {
    static char line[4 * MOST], on[4 * MOST], payload[2 * MOST];
    long long now;
    int retained, begin;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%lld %d %s %n", &now, &retained, on, &begin) != 3) return 1;
        size_t size = 0;
        unsigned byte;
        for (char *hex = line + begin; sscanf(hex, "%2x", &byte) == 1; hex += 2)
            payload[size++] = (char)byte;
        payload[size] = 0;
        heard(on, payload, size, retained, now);
    }
    return 0;
}

int main(int count, char **words) {
    unsigned char raw[48];
    if (count != 7 && count != 9) return fputs("see the head of controller.c\n", stderr), 2;
    topic = words[2], action = words[3], attribute = words[4], door = words[5], camera = words[6];
    if (strlen(words[1]) != 44 || EVP_DecodeBlock(raw, (unsigned char *)words[1], 44) != 33)
        return fputs("KEY is 32 bytes in base64\n", stderr), 2;
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, 32);
    if (!key || strlen(topic) >= 3 * WORD ||
        sscanf(topic, PREFIX "%100[^/]/%100[^/]/%100[^/]/action", site, device, source) != 3)
        return fputs("TOPIC is " PREFIX "SITE/DEVICE/SOURCE/action\n", stderr), 2;
    snprintf(status_topic, sizeof status_topic, PREFIX "%s/%s/status", site, device);
    return count == 9 ? follow(words[7], atoi(words[8])) : read_lines();
}
