"""Answers a camera that asks who we are: Basic (RFC 7617) and Digest (RFC 7616). Pure."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import md5, sha256
from secrets import token_hex

_PARAMETER = re.compile(r'(\w[\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_SCHEME = re.compile(r"[\w-]{1,20}(?=\s|$)", re.ASCII)
_HASHES = {"MD5": md5, "SHA-256": sha256}


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str = field(repr=False)


def schemes(challenges: list[str]) -> str:
    """The ways to log in that WWW-Authenticate headers offer, in words."""
    names = [found[0] for text in challenges if (found := _SCHEME.match(text.strip()))]
    return " or ".join(dict.fromkeys(names))


def answer(challenges: list[str], login: Login, method: str, target: str) -> str | None:
    """The Authorization header's value; Digest where it is offered, as it hides the password.

    None if nothing that is offered is known.
    """
    for text in challenges:
        scheme, _, rest = text.strip().partition(" ")
        asked = {key.lower(): a or b for key, a, b in _PARAMETER.findall(rest)}
        if scheme.lower() == "digest" and (said := _digest(asked, login, method, target)):
            return said
    if any(text.strip().lower().startswith("basic") for text in challenges):
        return "Basic " + b64encode(f"{login.user}:{login.password}".encode()).decode()
    return None


def _digest(asked: dict[str, str], login: Login, method: str, target: str) -> str | None:
    algorithm = asked.get("algorithm", "MD5")
    hashed = _HASHES.get(algorithm.upper())
    qops = [text.strip() for text in asked.get("qop", "").split(",")]
    if hashed is None or "nonce" not in asked or not {"auth", ""} & set(qops):
        return None

    def digest(*parts: str) -> str:
        return hashed(":".join(parts).encode()).hexdigest()

    realm, nonce = asked.get("realm", ""), asked["nonce"]
    secret, request = digest(login.user, realm, login.password), digest(method, target)
    fields = {"username": login.user, "realm": realm, "nonce": nonce, "uri": target}
    plain = ""
    if "auth" in qops:
        once = token_hex(8)
        fields["cnonce"] = once
        fields["response"] = digest(secret, nonce, "00000001", once, "auth", request)
        plain += ", qop=auth, nc=00000001"
    else:
        fields["response"] = digest(secret, nonce, request)
    if "algorithm" in asked:
        plain += f", algorithm={algorithm}"
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    quoted = ", ".join(f'{key}="{_escaped(value)}"' for key, value in fields.items())
    return f"Digest {quoted}{plain}"


def _escaped(text: str) -> str:
    return re.sub(r'[\r\n]|(["\\])', lambda found: f"\\{found[1]}" if found[1] else "", text)
