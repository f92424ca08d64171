"""Pictures judged over HTTP."""

import base64
from collections.abc import Mapping

from kioskd.inspect.inspect_desk import LARGEST, InspectDesk, Json
from kioskd.json_object import json_object
from kioskd.refused import RefusedError
from kioskd.token_http import Answer, TokenHttp, only


class InspectHttp(TokenHttp):
    base, largest, key = "/api/inspect", LARGEST, "inspect.token"
    package, nothing = "kioskd.inspect", "NotFound"

    def __init__(self, token: str, desk: InspectDesk) -> None:
        super().__init__(token)
        self._desk = desk

    def asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path != self.base:
            raise RefusedError(404, self.nothing, "there is no such address")
        only(method, "POST")
        if headers.get("content-type", "").startswith("image/"):  # the picture itself
            said: Json = {"image": base64.b64encode(body).decode()}
        else:
            said = json_object(body, LARGEST)
        return 200, self._desk.judge(said)
