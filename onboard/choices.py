"""Choices: what a person decided for one project, and when values were set. In the user's state folder; no secret."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

from onboard import quick, statefile
from onboard.model import Secret


class Choices:
    """The remembered choices of one project: written at each change, and read again where another onboard did."""

    def __init__(self, state: Path, project_id: str) -> None:
        self._state = state
        self._project_id = project_id
        self.path = state / "projects" / (hashlib.sha256(project_id.encode()).hexdigest()[:24] + ".json")
        self._mark = ""
        self._read: dict[str, Any] = {}

    @property
    def _content(self) -> dict[str, Any]:
        mark = quick.mark(str(self.path))
        if mark != self._mark:
            self._mark, self._read = mark, statefile.read(self.path)
            self._read.setdefault("project", self._project_id)
        return self._read

    @property
    def skipped(self) -> frozenset[str]:
        """Provider ids and variable names that were put off."""
        return frozenset(map(str, self._list("skipped")))

    def skip(self, *names: str) -> None:
        """Put these off."""
        self._content["skipped"] = sorted(self.skipped | set(names))
        self._save()

    def unskip(self) -> None:
        """Ask for everything again."""
        self._content["skipped"] = []
        self._save()

    @property
    def without_secrets(self) -> bool:
        """Whether the env file is to hold no secret: they rest in the vault alone."""
        return self._content.get("without_secrets") is True

    def date(self, name: str, what: str) -> str | None:
        """Return when `name` was last `set` or `verified`, ISO 8601; `None`: not known."""
        found = self._dict("dates").get(name)
        value = found.get(what) if isinstance(found, dict) else None
        return value if isinstance(value, str) else None

    def dated(self, name: str, what: str, when: str, value: Secret) -> None:
        """Remember that `name` was `set` or `verified` at `when`, together with the value's fingerprint.

        A date counts only as long as the value is the same: see `is_same`.
        """
        dates = self._dict("dates")
        entry = dict(dates.get(name) or {})
        mark = self.fingerprint(value)
        if entry.get("fingerprint") != mark:
            entry.pop("verified", None)
        dates[name] = entry | {what: when, "fingerprint": mark}
        self._content["dates"] = dates
        self._save()

    def is_same(self, name: str, value: Secret) -> bool:
        """Whether `value` is the one that the dates of `name` speak of."""
        found = self._dict("dates").get(name)
        return isinstance(found, dict) and found.get("fingerprint") == self.fingerprint(value)

    def forget(self, name: str) -> None:
        """Drop the dates of `name`."""
        dates = self._dict("dates")
        if dates.pop(name, None) is not None:
            self._content["dates"] = dates
            self._save()

    def fingerprint(self, value: Secret) -> str:
        """Return 12 hex digits that tell two values apart on this machine and say nothing elsewhere."""
        return hmac.new(statefile.machine_key(self._state), value.reveal().encode(), "sha256").hexdigest()[:12]

    @property
    def template(self) -> dict[str, str] | None:
        """The template at the last look: names with fingerprints of their defaults; `None`: never seen."""
        found = self._content.get("template")
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else None

    def saw_template(self, names: dict[str, str]) -> None:
        """Remember the template as it is now."""
        if names != self.template:
            self._content["template"] = names
            self._save()

    def took(self, command: str, seconds: float) -> None:
        """Remember how long a command took."""
        self.put("took", self._dict("took") | {command: round(seconds, 1)})

    def seconds(self, command: str) -> float | None:
        """Return how long a command took the last time; `None`: not known."""
        found = self._dict("took").get(command)
        return float(found) if isinstance(found, int | float) else None

    def get(self, name: str) -> Any:
        """Return another remembered thing; `None`: not remembered."""
        return self._content.get(name)

    def put(self, name: str, value: Any) -> None:
        """Remember another thing; it must be JSON and no secret."""
        if self._content.get(name) != value:
            self._content[name] = value
            self._save()

    def erase(self) -> None:
        """Forget everything about the project."""
        self.path.unlink(missing_ok=True)

    def _save(self) -> None:
        statefile.write(self.path, self._read)
        self._mark = quick.mark(str(self.path))

    def _list(self, name: str) -> list[Any]:
        found = self._content.get(name)
        return found if isinstance(found, list) else []

    def _dict(self, name: str) -> dict[str, Any]:
        found = self._content.get(name)
        return dict(found) if isinstance(found, dict) else {}
