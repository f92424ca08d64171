"""What somebody meant who typed another word: by its meaning first, by its spelling after."""

import re
from difflib import get_close_matches

from kioskd.modes.catalogue import SPECS

NEED_DEPTH = tuple(spec.name for spec in SPECS if spec.depth)
LIKELIEST = "secure_access_rgb_liveness"  # the mode of a door that says no more than "liveness"

_CHOICES = {  # one word for another, where no letter helps
    "usb": "webcam camera v4l v4l2 uvc",
    "rtsp": "ip ipcam onvif rtsps rtp network",
    "http": "https mjpeg mjpg",
    "file": "video mp4 clip recording folder images",
    "realsense": "depth intel d415 d435 d435i d455 rgbd",
    "cuda": "gpu nvidia tensorrt",
    "warning": "warn",
    "error": "fatal critical",
    "debug": "trace verbose",
    "info": "notice normal",
    "console": "text plain human",
    "en": "english en-us en-gb en_us en_gb",
    "de": "german deutsch de-de de-at de-ch de_de",
    "fr": "french francais français fr-fr fr-be fr-ch fr-ca fr_fr",
    "es": "spanish espanol español es-es es-mx es_es",
    "it": "italian italiano it-it it-ch it_it",
    "nl": "dutch nederlands flemish nl-nl nl-be nl_nl",
    "pl": "polish polski pl-pl pl_pl",
    "3.1.1": "3 3.1 4 v3 v3.1.1 mqtt3 mqttv311",
    "5": "5.0 v5 mqtt5 mqttv5",
    "one": "single 1 only",
    "largest": "biggest nearest closest any all",
    "loop": "forever always true repeat",
    "once": "false never",
    "realtime": "real-time real_time normal",
    "either": "any both",
    "drawn": "random shuffled",
    "fixed": "ordered same given",
}
_KEYS = {
    "broker": "host server hostname address ip",
    "url": "uri address link source",
    "device": "camera source address",
    "path": "file filename source video",
    "recording": "file filename path",
    "username": "user login",
    "password": "pass passwd pwd",
    "tls": "ssl",
    "kind": "type",
    "mode": "type kind",
    "feed": "camera source",
    "prompt_language": "lang language locale",
    "replies": "reply answers feedback",
    "ca_file": "ca cafile ca_cert ca_certs",
    "cert_file": "cert certificate crt",
    "key_file": "key private_key",
    "fps": "rate framerate frame_rate",
    "detection_scheme": "scheme model",
    "liveness_detection_threshold": "threshold",
    "evaluate_liveness_over_n_frames": "frames n_frames",
    "topic_prefix": "topic prefix base_topic",
    "keepalive_s": "keep_alive",
    "repeat": "loop",
    "pace": "speed",
    "logging": "log",
}
_WORDS = {  # parts of a name that say the same
    "colour": "rgb",
    "color": "rgb",
    "rgbd": "rgb 3d",
    "ir": "infrared",
    "nir": "infrared",
    "stereo": "3d",
    "tof": "3d",
    "fusion": "fused",
    "multi": "multimodal",
    "uni": "unimodal",
}
_SAY_LITTLE = frozenset({"secure", "access", "liveness", "unimodal", "multimodal"})


def choice(text: str, choices: tuple[str, ...], *, depth: bool = False) -> str:
    """The choice that was meant, "" where nobody knows. `depth`: the door has a depth camera."""
    text = text.strip().lower()
    if known := _by_table(text, choices, _CHOICES):
        return known
    typed = _words(text)
    alike = _most_alike(typed, choices)
    if alike:
        return alike
    if LIKELIEST in choices and typed & (_SAY_LITTLE | {"face"}):
        return LIKELIEST
    plain = tuple(each for each in choices if depth or each not in NEED_DEPTH)
    return _by_spelling(text, plain)


def key(name: str, known: tuple[str, ...]) -> str:
    """The key that was meant."""
    if found := _by_table(name.lower(), known, _KEYS):
        return found
    return next(iter(get_close_matches(name, known, 1)), "")


def _by_table(text: str, choices: tuple[str, ...], table: dict[str, str]) -> str:
    meant = (name for name, words in table.items() if text in words.split())
    return next((name for name in meant if name in choices), "")


def _most_alike(typed: frozenset[str], choices: tuple[str, ...]) -> str:
    """The choice that shares most of what tells them apart, and adds least to what was typed."""

    def rank(name: str) -> tuple[int, int, int, bool, int]:
        words = _words(name)
        telling = words - _SAY_LITTLE
        shared = _shared(telling, typed)
        return (
            2 * shared - len(telling),
            _shared(words, typed),
            -len(words),
            name not in NEED_DEPTH,
            -choices.index(name),
        )

    able = [name for name in choices if "_" in name and _shared(_words(name) - _SAY_LITTLE, typed)]
    return max(able, key=rank, default="")


def _shared(words: frozenset[str], typed: frozenset[str]) -> int:
    return sum(any(_same(word, other) for other in typed) for word in words)


def _same(one: str, other: str) -> bool:
    """Whether two words are forms of one: smile and smiling, nod and nodding."""
    if one == other:
        return True
    alike = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    least = min(len(one), len(other))
    return (least if alike is None else alike) >= max(3, least - 1)


def _words(text: str) -> frozenset[str]:
    parts = re.split(r"[^a-z0-9]+", text)
    return frozenset(word for part in parts if part for word in _WORDS.get(part, part).split())


def _by_spelling(text: str, choices: tuple[str, ...]) -> str:
    ends = (str.startswith, str.endswith)
    begun = [each for end in ends for each in choices if len(text) > 2 and end(each, text)]
    return next(iter(begun or get_close_matches(text, choices, 1)), "")
