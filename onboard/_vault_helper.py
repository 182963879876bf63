"""The child that talks to the OS keyring, so that a keyring that never answers can be ended. Imports `keyring`, alone.

Executed by path as `python -E -P _vault_helper.py`. One JSON object a line: a request on standard input, its answer on
standard output; values are never in arguments. Only the stores in `STORES` are ever imported: no plug-ins, no
environment switches, no chain, so that nothing falls back to a file in clear.
"""

from __future__ import annotations

import json
import os
import sys
from configparser import ConfigParser, Error
from importlib import import_module
from typing import Any

SERVICE = "onboard"

STORES = {
    "keyring.backends.SecretService.Keyring": "Secret Service",
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
    "keyring.backends.libsecret.Keyring": "Secret Service (libsecret)",
    "keyring.backends.macOS.Keyring": "macOS Keychain",
    "keyring.backends.Windows.WinVaultKeyring": "Windows Credential Manager",
}
"""Stores that encrypt and belong to the OS, by class. Never null, fail, a file, or anything else."""

_BY_PLATFORM = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}
_ELSEWHERE = tuple(STORES)[:3]

_LIMITS = {"keyring.backends.Windows.WinVaultKeyring": 1200}
"""Characters that one item takes: 2,560 bytes of UTF-16 on Windows, with a margin."""

_LOCKED = ("KeyringLocked", "LockedException")
_ABSENT = ("NoKeyringError", "SecretServiceNotAvailableException", "ConnectionRefusedError", "FileNotFoundError")


class Trouble(Exception):
    """What is wrong, by a word that `vault.py` knows."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind)
        self.kind, self.detail = kind, detail


class Keyring:
    """The chosen store; chosen at the first request that finds one."""

    def __init__(self) -> None:
        self.name = ""
        self._store: Any = None

    def answer(self, request: dict[str, Any]) -> Any:
        """Do what is asked. Raises Trouble."""
        try:
            if self._store is None:
                self._choose(request.get("store"))
            return getattr(self, "do_" + request["do"])(request)
        except Trouble:
            raise
        except Exception as error:  # whatever a desktop's keyring does: it is an answer, never our end
            raise _trouble(error) from None

    def do_state(self, request: dict[str, Any]) -> dict[str, Any]:
        """Name the store, without opening or creating anything."""
        if self.name == "keyring.backends.SecretService.Keyring":
            self._has_collection(unlocked=True)
        return {"store": self.name, "name": STORES[self.name], "limit": _LIMITS.get(self.name)}

    def do_get(self, request: dict[str, Any]) -> str | None:
        """Return the text, `None` where there is none."""
        if self.name == "keyring.backends.SecretService.Keyring" and not self._has_collection():
            return None  # asking would open a window that wants a password for a new one
        found = self._store.get_password(SERVICE, request["user"])
        return None if found is None else str(found)

    def do_set(self, request: dict[str, Any]) -> None:
        """Put the text."""
        self._store.set_password(SERVICE, request["user"], request["text"])

    def do_delete(self, request: dict[str, Any]) -> bool:
        """Take the item away; false where there was none."""
        if self.do_get(request) is None:
            return False
        self._store.delete_password(SERVICE, request["user"])
        return True

    def _choose(self, pinned: str | None) -> None:
        wished = pinned or _wished()
        if wished and wished not in STORES:
            raise Trouble("refused", wished)
        reasons = []
        for name in (wished,) if wished else _candidates():
            module, _, kind = name.rpartition(".")
            try:
                found = getattr(import_module(module), kind)
                _ = found.priority  # raises with the reason where it does not fit
            except Exception as error:
                reasons.append(_why_not(error))
                continue
            self._store, self.name = found(), name
            if name == "keyring.backends.Windows.WinVaultKeyring":
                self._store.persist = "local machine"  # the default roams to other machines of the domain
            return
        raise Trouble("absent", reasons[0] if reasons else "")

    def _has_collection(self, *, unlocked: bool = False) -> bool:
        """Whether the Secret Service has a default collection. Raises Trouble where it is not `unlocked` as it must."""
        import secretstorage
        from secretstorage.exceptions import ItemNotFoundException

        connection = secretstorage.dbus_init()
        try:
            locked = secretstorage.get_collection_by_alias(connection, "default").is_locked()
        except ItemNotFoundException:
            return False  # the first write makes it
        finally:
            connection.close()
        if locked and unlocked:
            raise Trouble("locked")
        return True


def _why_not(error: Exception) -> str:
    """Say why a store does not fit, in our own words where they are better."""
    text = str(error) if isinstance(error, RuntimeError) else type(error).__name__
    if "DBUS_SESSION_BUS_ADDRESS" in text:
        return "there is no session bus here, as over SSH or in a container: DBUS_SESSION_BUS_ADDRESS is not set"
    return text


def _candidates() -> tuple[str, ...]:
    if sys.platform in _BY_PLATFORM:
        return _BY_PLATFORM[sys.platform]
    kde = "KDE" in os.environ.get("XDG_CURRENT_DESKTOP", "").split(":")
    return tuple(sorted(_ELSEWHERE, key=lambda name: "kwallet" not in name)) if kde else _ELSEWHERE


def _wished() -> str | None:
    """Return the store that the user's own keyringrc.cfg names. It is only read; what it names is not imported."""
    from keyring.util.platform_ import config_root

    config = ConfigParser(interpolation=None)
    try:
        config.read(config_root() / "keyringrc.cfg", encoding="utf-8")
        return config.get("backend", "default-keyring", fallback="").strip() or None
    except (Error, OSError, UnicodeDecodeError):
        return None


def _trouble(error: BaseException) -> Trouble:
    """Say what an exception of a keyring means. Its text is not passed on: only its type's name."""
    names = [kind.__name__ for cause in (error, error.__cause__) if cause for kind in type(cause).__mro__]
    if any(name in _LOCKED for name in names):
        return Trouble("locked")
    if "PromptDismissedException" in names:
        return Trouble("dismissed")
    if any(name in _ABSENT for name in names):
        return Trouble("absent")
    return Trouble("broken", type(error).__name__)


def main() -> None:
    """Answer until standard input ends."""
    import logging
    import warnings

    logging.disable()
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # whatever a library prints is no answer
    keyring = Keyring()
    for line in sys.stdin.buffer:
        try:
            answer = {"ok": keyring.answer(json.loads(line)), "store": keyring.name}
        except Trouble as trouble:
            answer = {"trouble": trouble.kind, "detail": trouble.detail[:200]}
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[answers.write(data) or 0 :]


if __name__ == "__main__":
    main()
