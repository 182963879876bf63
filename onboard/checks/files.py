"""The env file as a file: is it there, whole, readable by its owner alone, and without traps?"""

from __future__ import annotations

import os
import stat
from functools import partial

from onboard.checks._base import Check, View
from onboard.checks.variables import state
from onboard.model import Finding, Need, Status, Tell, Write


def checks(view: View) -> tuple[Check, ...]:
    """Return the checks of the env file and of what is installed beside it."""
    return (
        Check("env.file", "Env file", _file),
        Check("env.permissions", "Env file's permissions", _permissions),
        Check("env.statements", "Env file's statements", _statements),
        Check("env.secrets", "Env file without secrets", _secrets),
        *(
            Check(f"duplicate.{name}", name, partial(_duplicate, name=name))
            for name in (view.env.duplicates() if view.env else ())
        ),
    )


def _file(view: View) -> Finding:
    check = Check("env.file", "Env file", _file)
    name = view.env_name
    if view.env is not None:
        return check.says(Status.OK, f"{name} is there", evidence={"file": name})
    if view.choices and view.choices.without_secrets:
        return check.says(Status.OK, f"there is no {name}, and none is needed for secrets", evidence={"file": name})
    template = view.app.template
    missing = [v for v in view.variables if v.need is Need.REQUIRED and state(view, v) != "ok"]
    if view.farther and not missing:
        files = " and ".join(dict.fromkeys(file for file, _ in view.farther.values()))
        return check.says(Status.OK, f"there is no {name}; {files} has what is required", evidence={"file": name})
    return check.says(
        Status.WARN if view.farther and all(v.probably for v in missing) else Status.FAIL,
        f"there is no {name} yet",
        detail=f"it is made from {template}" if template else "",
        step=Write(f"Make {name}" + (f" from {template}" if template else ""), command="onboard env --write"),
        evidence={"file": name, "template": template},
    )


def _permissions(view: View) -> Finding | None:
    check = Check("env.permissions", "Env file's permissions", _permissions)
    if view.env is None or os.name == "nt":
        return None
    mode = stat.S_IMODE(os.stat(view.env_path).st_mode)
    if not mode & 0o077:
        return check.says(Status.OK, "readable by you alone", evidence={"mode": f"{mode:04o}"})
    return check.says(
        Status.WARN,
        f"{view.env_name} can be read by other users of this machine (mode {mode:04o})",
        step=Write(f"Make {view.env_name} readable by you alone", what="mode", command=f"chmod 600 {view.env_name}"),
        evidence={"mode": f"{mode:04o}"},
    )


def _statements(view: View) -> Finding | None:
    check = Check("env.statements", "Env file's statements", _statements)
    troubles = view.env.troubles() if view.env else ()
    if not troubles:
        return None
    first = troubles[0]
    return check.says(
        Status.WARN,
        f"line {first.line} of {view.env_name} is read differently by different programs",
        detail="\n".join(f"{view.env_name}:{trouble.line}: {trouble.reason}" for trouble in troubles[:20]),
        step=Tell(f"Correct line {first.line} of {view.env_name}"),
        evidence={"line": first.line, "count": len(troubles)},
    )


def _secrets(view: View) -> Finding | None:
    """Where the file is to hold no secret: does it?"""
    check = Check("env.secrets", "Env file without secrets", _secrets)
    if view.env is None or view.choices is None or not view.choices.without_secrets:
        return None
    there = [name for name in view.held() if name not in view.apart and view.is_secret(name)]
    if not there:
        return check.says(Status.OK, "the secrets rest in the keyring alone; `onboard run -- CMD` hands them over")
    return check.says(
        Status.WARN,
        f"{view.env_name} holds {', '.join(there)}, and you chose that it holds no secret",
        step=Write("Move them to the keyring", tuple(there), command="onboard env --write"),
        evidence={"count": len(there)},
    )


def _duplicate(view: View, name: str) -> Finding:
    check = Check(f"duplicate.{name}", name, partial(_duplicate, name=name))
    line = view.env.line_of(name) if view.env else None
    return check.says(
        Status.WARN,
        f"stands more than once; line {line} is the one that counts",
        step=Tell(f"Remove the earlier lines of {name} from {view.env_name}"),
        variable=name,
        evidence={"line": line},
    )
