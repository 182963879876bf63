"""What screens say to the app. None of them carries a value of a variable."""

from __future__ import annotations

from typing import Literal

from textual.message import Message

from onboard.model import Finding
from onboard.plan import Owed


class Approved(Message):
    """The person said yes to what has this hash."""

    def __init__(self, hash: str) -> None:
        super().__init__()
        self.hash = hash


class Take(Message):
    """The person wants to do this step now."""

    def __init__(self, owed: Owed) -> None:
        super().__init__()
        self.owed = owed


class Done(Message):
    """A step was done, or done elsewhere: look at what it touches, and go on."""

    def __init__(self, owed: Owed, did: str = "") -> None:
        super().__init__()
        self.owed = owed
        self.did = did


class PutOff(Message):
    """The person leaves a step for later, or for good."""

    def __init__(self, owed: Owed, *, for_good: bool) -> None:
        super().__init__()
        self.owed = owed
        self.for_good = for_good


class Overview(Message):
    """The person wants to see everything."""


class Look(Message):
    """The person wants to have it looked at again; no ids: everything."""

    def __init__(self, *ids: str) -> None:
        super().__init__()
        self.ids = ids


class Onward(Message):
    """The person wants the next step."""


class Live(Message):
    """The person wants the listeners to run, or the app with all that belongs to it."""

    def __init__(self, what: Literal["listen", "dev"]) -> None:
        super().__init__()
        self.what = what


class Rotate(Message):
    """The person wants to change these credentials: variables, or services."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words


class Full(Message):
    """A finding is to be shown in full."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


class OpenPage(Message):
    """The person wants this page in the browser."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class Copy(Message):
    """The person wants this address or command on the clipboard. Never a value."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Stay(Message):
    """The person is reading: do not move on by itself."""


class Failed(Message):
    """A worker of the screen ended with an error."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
