"""How the page is served, and to whom."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Where the page is served, and what must be shown to see it.

    address         of this machine to listen at; a loopback one reaches nobody else
    token           the secret that lets somebody see everything; None: whoever reaches the page
    screen_token    the secret of a kiosk's screen, which sees the screens alone; None: `token`
    certificate     PEM files for TLS; None: plain HTTP
    names           host names by which the page is asked for, beside addresses and localhost
    viewers         how many may look at once; each screen is one
    mirrored_view   whether a kiosk's screen shows the person the live view
    language        of a kiosk's screen
    awaits_answer   whether controllers answer (mqtt.replies): the screen then asks to wait for it
    """

    address: str = "127.0.0.1"
    port: int = 8480
    token: str | None = field(default=None, repr=False)
    screen_token: str | None = field(default=None, repr=False)
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()
    viewers: int = 4
    mirrored_view: bool = False
    language: str = "en"
    awaits_answer: bool = False

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = (
            "localhost" if self.address in ("127.0.0.1", "::1", "0.0.0.0", "::") else self.address
        )
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}/"
