"""One answer read by a provider: the rows of a service's table, whatever its stand-in can do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from onboard.model import Verdict
from onboard.providers._base import Provider
from onboard.sandbox.served import Request, Response, StandIn, serve
from tests.providers.outside import a_machine, held


class Answers(StandIn):
    """Gives the same answers to whoever asks, in order; the last one again and again."""

    def __init__(self, *answers: Response) -> None:
        self.waiting = list(answers)

    def answer(self, request: Request) -> Response:
        return self.waiting.pop(0) if len(self.waiting) > 1 else self.waiting[0]


async def reading(
    provider: Provider, values: Mapping[str, str], folder: Path, *answers: Response, part: str = ""
) -> Verdict:
    """Return what `provider` makes of the service answering `answers`, asked with `values` by key id."""
    credential = next(one for one in provider.credentials if one.part == part)
    with serve(Answers(*answers)) as served:
        machine = a_machine(folder, dict.fromkeys(credential.endpoints or (provider.id,), served.url))
        try:
            return await provider.verify(credential, held(values, provider), machine)
        finally:
            await machine.network.close()


def words(text: str, status: int = 200, kind: str = "text/plain") -> Response:
    """Return a plain text answer."""
    return Response.text(text, status, kind)
