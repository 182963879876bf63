"""The vault: can it be used, and does it agree with the env file?"""

from __future__ import annotations

from functools import partial

from onboard.checks._base import Check, View
from onboard.errors import VaultError
from onboard.model import Finding, Kind, Status, Tell, Write


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of the keyring, and one for each value that stands in both places."""
    found = [Check("vault.backend", "Keyring", _backend, outside=True, seconds=5)]
    for name in sorted(set(view.values) & set(view.stored or ())):
        variable = view.variable(name)
        provider = variable.provider if variable else None
        unless = (
            f"variable.{name}",
            f"webhook.{name}",
            *((f"live.{provider}", f"pair.{provider}", f"mode.{provider}") if provider else ()),
        )
        found.append(Check(f"drift.{name}", name, partial(_drift, name=name), unless=unless, outside=True))
    return tuple(found)


async def _backend(view: View) -> Finding:
    check = Check("vault.backend", "Keyring", _backend)
    try:
        backend = await view.machine.vault.backend()
    except VaultError as error:
        return check.says(
            Status.UNKNOWN, error.message, detail=error.hint, step=Tell(error.hint or "Unlock the keyring")
        )
    if backend.usable:
        return check.says(Status.OK, backend.name, evidence={"backend": backend.name})
    evidence = {"backend": backend.name, "reason": backend.reason}
    if view.choices and view.choices.get("file_only"):
        return check.says(
            Status.OK, f"{backend.reason}; secrets rest in the env file alone, as you chose", evidence=evidence
        )
    if not any(v.kind is Kind.SECRET for v in view.variables):
        return check.says(Status.SKIPPED, f"{backend.reason}; this project has no secrets", evidence=evidence)
    return check.says(
        Status.WARN,
        f"{backend.reason}; secrets rest in {view.env_name} alone, readable by you",
        step=Tell("Start an OS keyring, or leave it at the env file", command="onboard setup --file-only"),
        evidence=evidence,
    )


async def _drift(view: View, name: str) -> Finding | None:
    check = Check(f"drift.{name}", name, _backend)
    assert view.stored is not None  # noqa: S101 -- the check is only made where the vault was read
    entry = view.stored[name]
    if entry.value == view.values[name]:
        return None
    return check.says(
        Status.WARN,
        f"{view.env_name} and the keyring hold different values (the keyring's is of {entry.set_at[:10]})",
        detail=f"`onboard set {name}` keeps a new one; `onboard env --write` takes the keyring's",
        step=Write(f"Write the keyring's {name} to {view.env_name}", (name,), command="onboard env --write"),
        variable=name,
        evidence={"vault_set_at": entry.set_at},
    )
