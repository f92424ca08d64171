"""A network camera's address as it was typed, with its secrets moved out of it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from feeds.urls import UrlError, allowed, parts
from kioskd.config.secrets import SecretError, Vault, holds_secret
from kioskd.setup.talk import Refused

PASSWORD, WHOLE = "CAMERA_PASSWORD", "CAMERA_ADDRESS"
_TELLING = re.compile(r"[?&][^=&]*(pass|pwd|token|secret|key|auth)[^=&]*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """An address.

    url      as it goes into the file, where ${NAME} stands for a secret
    secrets  those that were typed in it, by NAME
    user     who has no password yet; "" where nobody lacks one
    nobody   whether the address names no user, so that one may be added
    """

    url: str
    kind: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str = ""
    nobody: bool = False

    def of(self, user: str) -> "Typed":
        """The same camera, asked as this user, who has no password yet."""
        scheme, _, place = self.url.partition("://")
        url = f"{scheme}://{quote(user, safe='')}@{place}"
        return replace(self, url=url, user=user, nobody=False)

    def with_password(self, secrets: Mapping[str, str]) -> "Typed":
        """With the place that the user's password takes; `secrets` holds it, if it is new."""
        user, _, place = self.url.partition("@")
        return replace(self, url=f"{user}:${{{PASSWORD}}}@{place}", secrets=secrets, user="")


def read(typed: str, vault: Vault) -> Typed:
    """Raises Refused, with a message that holds nothing of the address."""
    try:
        whole = allowed(vault.filled_address(typed))
        address = parts(whole)
    except (SecretError, UrlError) as error:
        raise Refused(str(error)) from error
    kind = address.scheme.removesuffix("s")
    if holds_secret(typed):
        return Typed(typed, kind)
    if _TELLING.search(address.target):
        return Typed(f"${{{WHOLE}}}", kind, {WHOLE: whole})
    if address.login is None:
        return Typed(whole, kind, nobody=True)
    without = Typed(_without_password(whole), kind, user=address.login.user)
    password = address.login.password
    return without.with_password({PASSWORD: password}) if password else without


def _without_password(url: str) -> str:
    """The address with its user as they were typed; `parts` has found that it has one."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, _, place = authority.rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}@{place}{rest[len(authority) :]}"
