"""python-dotenv, which pydantic-settings and environs use too: its own parser, with the environment handed in.

Its own `dotenv_values` knows only `os.environ` and copies all of it for each variable, which is quadratic.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

from onboard.envfile.readers._base import Reading

_VARIABLE = re.compile(r"\$\{([^}:]*)(?::-([^}]*))?\}")


def python_dotenv(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as `dotenv_values` does; `open` has made every line end a newline before the parser sees it."""
    from dotenv.parser import parse_stream  # ~20 ms, and only writers and slow paths need it

    values: dict[str, str | None] = {}
    stream = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    for binding in parse_stream(stream):
        if binding.key is not None:
            values[binding.key] = None if binding.value is None else _resolve(binding.value, values, environ)
    return {name: value for name, value in values.items() if value is not None}


def _resolve(value: str, values: Mapping[str, str | None], environ: Mapping[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] in values:
            return values[match[1]] or ""
        return environ.get(match[1], match[2] or "")

    return _VARIABLE.sub(one, value)
