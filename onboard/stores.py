"""The places that a vault can be in: the OS keyring, asked in a helper process, and this sitting's memory."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from onboard import statefile
from onboard.clean import line
from onboard.errors import ProcessError, VaultError

if TYPE_CHECKING:
    from onboard.process import Talk

HELPER = Path(__file__).with_name("_vault_helper.py")
SWITCHES = ("PYTHON_KEYRING_BACKEND", "KEYRING_PROPERTY_")
"""They make `keyring` import or change anything; the helper never sees them."""
_PASSED_ON = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")


class Trouble(StrEnum):
    """Why the vault could not be used."""

    ABSENT = "absent"
    LOCKED = "locked"
    DISMISSED = "dismissed"
    MUTE = "mute"
    REFUSED = "refused"
    """The user's settings name a store that we do not take."""
    CORRUPT = "corrupt"
    HALF_WRITTEN = "half-written"
    FOREIGN = "foreign"
    UNSAVED = "unsaved"
    """It said yes and then held something else."""
    BUSY = "busy"
    BROKEN = "broken"


class Unusable(VaultError):
    """The vault could not be used; `trouble` says why."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        message, hint = _TEXTS[trouble]
        super().__init__(f"{message} ({line(detail, limit=120)})" if detail else message, hint)
        self.trouble = trouble


class Store(Protocol):
    """Texts by user name. `until` is as `time.monotonic`. Raises Unusable."""

    def state(self, until: float) -> tuple[str, int | None]:
        """Return its name for people, and the most characters an item takes; `None`: any."""
        ...

    def get(self, user: str, until: float) -> str | None:
        """Return the text; `None`: there is none."""
        ...

    def set(self, user: str, text: str, until: float) -> None:
        """Put the text, whatever was there."""
        ...

    def delete(self, user: str, until: float) -> bool:
        """Take the text away; `False`: there was none."""
        ...

    def close(self) -> None:
        """End what runs for it."""
        ...


class KeyringStore:
    """The OS keyring through its helper, which is started at the first question and kept."""

    def __init__(self, state: Path, env: Mapping[str, str], limit: int | None = None) -> None:
        self._pin = state / "keyring.json"
        self._env = env
        self._limit = limit
        self._talk: Talk | None = None
        self._turn = threading.Lock()

    def state(self, until: float) -> tuple[str, int | None]:
        """Return its name for people, and the most characters an item takes; `None`: any."""
        said = self._ask({"do": "state"}, until)
        limits = [limit for limit in (said["limit"], self._limit) if limit is not None]
        return said["name"], min(limits, default=None)

    def get(self, user: str, until: float) -> str | None:
        """Return the text; `None`: there is none."""
        found: str | None = self._ask({"do": "get", "user": user}, until)
        return found

    def set(self, user: str, text: str, until: float) -> None:
        """Put the text, whatever was there; from then on this store is the one that is used."""
        self._ask({"do": "set", "user": user, "text": text}, until)

    def delete(self, user: str, until: float) -> bool:
        """Take the text away; `False`: there was none."""
        return bool(self._ask({"do": "delete", "user": user}, until))

    def close(self) -> None:
        """End the helper."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()

    def _ask(self, request: dict[str, Any], until: float) -> Any:
        pinned = statefile.read(self._pin).get("store")
        question = json.dumps(request | {"store": pinned}).encode()
        if not self._turn.acquire(timeout=max(0, until - time.monotonic())):
            raise Unusable(Trouble.MUTE)
        try:
            if self._talk is None:
                self._talk = self._start()
            answer = json.loads(self._talk.ask(question, until))
        except (TimeoutError, ProcessError, ValueError) as error:
            self.close()
            raise Unusable(Trouble.MUTE if isinstance(error, TimeoutError) else Trouble.BROKEN) from None
        finally:
            self._turn.release()
        if "trouble" in answer:
            detail = answer["detail"]
            if pinned and answer["trouble"] == Trouble.ABSENT:
                detail = f"the secrets were put into {pinned.split('.')[2]}; {self._pin} says so"
            raise Unusable(Trouble(answer["trouble"]), detail)
        if request["do"] == "set" and pinned is None:
            with contextlib.suppress(OSError):
                statefile.write(self._pin, {"store": answer["store"]})
        return answer["ok"]

    def _start(self) -> Talk:
        from onboard.process import Runner

        passed = {name: self._env[name] for name in _PASSED_ON if name in self._env}
        argv = (sys.executable, "-E", "-P", str(HELPER))
        return Runner(self._env).talk(argv, cwd=Path(os.sep), env=passed)


class MemoryStore:
    """Texts for one sitting: the demo, and secrets of a person who wants them nowhere else."""

    def __init__(self, limit: int | None = None) -> None:
        self.texts: dict[str, str] = {}
        self._limit = limit

    def state(self, until: float) -> tuple[str, int | None]:
        """Return its name for people, and the most characters an item takes; `None`: any."""
        return "this sitting's memory", self._limit

    def get(self, user: str, until: float) -> str | None:
        """Return the text; `None`: there is none."""
        return self.texts.get(user)

    def set(self, user: str, text: str, until: float) -> None:
        """Put the text, whatever was there."""
        self.texts[user] = text

    def delete(self, user: str, until: float) -> bool:
        """Take the text away; `False`: there was none."""
        return self.texts.pop(user, None) is not None

    def close(self) -> None:
        """Nothing runs for it."""


_ENV_FILE_STAYS = "the env file works without it"
_TEXTS = {
    Trouble.ABSENT: ("this machine has no OS keyring that is running", f"start one, or go on: {_ENV_FILE_STAYS}"),
    Trouble.LOCKED: ("the OS keyring is locked", f"unlock it and try again, or go on: {_ENV_FILE_STAYS}"),
    Trouble.DISMISSED: (
        "the OS keyring asked for a password and got none",
        f"try again and answer its window, or go on: {_ENV_FILE_STAYS}",
    ),
    Trouble.MUTE: (
        "the OS keyring did not answer within 3 seconds",
        f"where it has a window open, answer that and try again; else go on: {_ENV_FILE_STAYS}",
    ),
    Trouble.REFUSED: (
        "the keyring settings name a store that onboard does not use",
        "name the OS keyring in keyringrc.cfg, or remove the setting; " + _ENV_FILE_STAYS,
    ),
    Trouble.CORRUPT: (
        "this project's keyring item is damaged",
        "nothing was changed; `onboard forget` removes it, then the values in the env file can be saved again",
    ),
    Trouble.HALF_WRITTEN: (
        "this project's keyring item is incomplete: parts of it are missing",
        "nothing was changed; `onboard forget` removes it, then the values in the env file can be saved again",
    ),
    Trouble.FOREIGN: (
        "this project's keyring item was written by another program, or by a newer onboard",
        "update onboard; or look at the item `onboard` in the keyring's own app, and remove it if it is not needed",
    ),
    Trouble.UNSAVED: (
        "the OS keyring took the values but does not give them back",
        f"they are not stored there; {_ENV_FILE_STAYS}",
    ),
    Trouble.BUSY: ("another onboard is using the keyring", "let it finish and try again"),
    Trouble.BROKEN: ("the OS keyring failed", f"try again, or go on: {_ENV_FILE_STAYS}"),
}
