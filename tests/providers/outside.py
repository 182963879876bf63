"""The outside as provider tests see it: a machine that knows only stand-ins, and whether a value leaked into a text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from onboard.machine import Machine
from onboard.model import Kind, Secret, Verdict
from onboard.network import Network, Reply, Request
from onboard.providers._base import Held, Provider, Values


class Recording(Network):
    """The real network, with a note of each request that a provider wanted to send."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        super().__init__(endpoints)
        self.wanted: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.wanted.append(request)
        return await super().ask(request)


def a_machine(folder: Path, endpoints: Mapping[str, str], env: Mapping[str, str] | None = None) -> Machine:
    """Return a machine whose services are the stand-ins in `endpoints`."""
    machine = Machine(env=env or {}, home=folder, state=folder / "state", config=folder / "config")
    machine.network = Recording(endpoints)
    return machine


def held(values: Mapping[str, str], provider: Provider) -> Values:
    """Return `values` (by key id) as a project would hold them, each under its usual name."""
    return Values((id, Held(provider.key(id).names[0], Secret(text))) for id, text in values.items())


def secret_texts(provider: Provider, values: Mapping[str, str]) -> list[str]:
    """Return what nobody may see of `values`: of a URL its password, else the whole value; nothing of public ones."""
    texts = []
    for id, text in values.items():
        if provider.key(id).kind is Kind.SECRET:
            password = re.search(r"://[^/@]*:([^/@]*)@", text)
            texts.append(password[1] if password else text)
    return [text for text in texts if len(text) >= 6]


def leaks(seen: str, secrets: list[str]) -> list[str]:
    """Return the encodings in which one of `secrets` stands in `seen`."""
    found = []
    for secret in secrets:
        raw = secret.encode()
        forms = {
            "plain": secret,
            "quoted": quote(secret, safe=""),
            "json": json.dumps(secret)[1:-1],
            "repr": repr(raw)[2:-1],
            "hex": raw.hex(),
            "reversed": secret[::-1],
            "utf-16": raw.decode().encode("utf-16-le").decode("latin-1"),
            "tail": secret[-12:] if len(secret) >= 24 else secret,
        }
        for shift in range(3):  # base64 of the secret wherever it stands in a longer text
            packed = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            forms[f"base64+{shift}"] = packed[(0, 2, 3)[shift] : -1]
        found += [name for name, text in forms.items() if text and text in seen]
    return found


def shown(verdict: Verdict) -> str:
    """Return all of a verdict that anyone could see."""
    return json.dumps(asdict(verdict), default=repr, ensure_ascii=False) + repr(verdict)
