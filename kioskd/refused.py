"""Why a request is refused, in the one form in which all parts that are asked say it."""


class RefusedError(Exception):
    """One refusal: a status as HTTP has it, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code

    @property
    def body(self) -> dict[str, object]:
        return {"error": {"code": self.code, "message": str(self)}}
