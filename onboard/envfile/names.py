"""Which names and values an env file may carry at all, whatever the spelling."""

from __future__ import annotations

# fmt: off
_DENIED = frozenset((
    "PATH", "HOME", "SHELL", "IFS", "ENV", "BASH_ENV", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE", "SHELLOPTS",
    "BASHOPTS", "ZDOTDIR", "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE", "NODE_EXTRA_CA_CERTS",
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHON_KEYRING_BACKEND", "PERL5OPT", "PERL5LIB",
    "PERL5DB", "RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "GIT_SSH",
    "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF", "GIT_EXEC_PATH", "GIT_DIR",
    "SSH_ASKPASS", "EDITOR", "VISUAL", "PAGER", "LESSOPEN", "MANPAGER", "BROWSER", "SSLKEYLOGFILE", "GLIBC_TUNABLES",
    "GCONV_PATH", "LOCPATH", "HOSTALIASES",
))
# fmt: on
_DENIED_STARTS = ("LD_", "DYLD_", "BASH_FUNC_", "NPM_CONFIG_", "GIT_CONFIG")
"""These decide which program or library runs; no app needs them from its env file, and a hostile repository would."""

ARGUMENT_LIMIT = 131_072
"""Bytes of `NAME=value` from which Linux refuses to start any child process with it (E2BIG)."""


def refusal(name: str, value: str) -> str | None:
    """Return why `name` cannot be written with `value`, without the value; `None`: it can be tried."""
    if not name.isascii() or not name.isidentifier():
        return "a name has letters, digits and `_` only, and does not begin with a digit"
    if name.upper() in _DENIED or name.upper().startswith(_DENIED_STARTS):
        return "this name decides which programs or libraries run, so onboard never writes it to an env file"
    if "\0" in value:
        return "the value holds a NUL character, which no reader can carry"
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        return "the value holds half a character (a lone surrogate), which no file can carry"
    return None
