"""What all verbs share: arguments, output, errors into exit codes, and the question of trust."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from onboard.errors import (
    EnvFileError,
    NeedsPerson,
    NetworkError,
    OnboardError,
    ProcessError,
    ProjectError,
    UsageError,
    VaultError,
)

if TYPE_CHECKING:
    import argparse

    from onboard.machine import Machine
    from onboard.model import Event
    from onboard.session import Session

    Events = AsyncGenerator[Event, None]

OK, FAILED, USAGE, UNKNOWN, PERSON, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes, as the contract has them."""

_CODES = (
    (UsageError, USAGE),
    (ProjectError, USAGE),
    (EnvFileError, FAILED),
    (ProcessError, FAILED),
    (VaultError, UNKNOWN),
    (NetworkError, UNKNOWN),
    (NeedsPerson, PERSON),
)


def run(words: Sequence[str]) -> int:
    """Run the verb that `words` name and return the exit code. Nothing that went wrong is shown as a traceback."""
    _open_streams()
    code = _answered(words)
    try:
        sys.stdout.flush()
    except OSError as error:
        # Nobody reads our output any more, or it has no place: Python must not complain about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(error, BrokenPipeError):
            note(f"onboard: the output could not be written: {error.strerror}")
        return code or FAILED
    return code


def _answered(words: Sequence[str]) -> int:
    from onboard.cli import VERBS

    try:
        _harden()
        if not words or words[0].startswith("-"):
            from onboard.cli import wizard

            return wizard.main("", list(words))
        if words[0] not in VERBS:
            raise UsageError(f"there is no command {words[0][:40]!r}", "`onboard --help` lists them")
        module = import_module(f"onboard.cli.{VERBS[words[0]]}")
        code: int = module.main(words[0], list(words[1:]))
        return code
    except OnboardError as error:
        return failed(error)
    except KeyboardInterrupt:
        note("\ninterrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED
    except OSError as error:
        # The machine's own trouble with a file or folder of ours: a full disk, a home that cannot be written.
        name = f"{str(error.filename)[:200]!r} " if error.filename else "a file "
        note(f"onboard: {name}cannot be used: {error.strerror}")
        note("   hint: onboard keeps approvals and dates in $XDG_STATE_HOME/onboard; it has to be writable")
        return FAILED
    except Exception as error:
        return crashed(error)


def _open_streams() -> None:
    """Put nothing in the place of a stream that was closed: else the next file that is opened becomes our output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def failed(error: OnboardError) -> int:
    """Say what could not be done and what to do; return the exit code."""
    note(f"onboard: {error.message}")
    if error.hint:
        note(f"   hint: {error.hint}")
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def crashed(error: BaseException) -> int:
    """Say that onboard broke off, by places in the code alone: the error's text and the locals may hold anything."""
    import traceback

    note(f"onboard: this is a fault of onboard: {type(error).__name__}")
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        note(f"   {Path(frame.filename).name}:{frame.lineno} {frame.name}")
    note("   hint: nothing was half-written; `onboard doctor` says where you are")
    return FAILED


def out(text: str) -> None:
    """Print data to stdout."""
    print(text)


def note(text: str, end: str = "\n") -> None:
    """Print progress or an error to stderr."""
    print(text, end=end, file=sys.stderr)


def parser(verb: str, about: str) -> argparse.ArgumentParser:
    """Return a parser with what all verbs take."""
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError(message, f"`onboard {verb} --help` says what it takes".replace("  ", " "))

    made = Parser(prog=f"onboard {verb}".strip(), description=about, allow_abbrev=False)
    made.add_argument("--path", type=Path, default=None, metavar="DIR", help="the repository or app (default: here)")
    made.add_argument("--agent", action="store_true", help="nobody is at the terminal: never ask")
    return made


def machine(options: argparse.Namespace) -> Machine:
    """Return this machine; says so where stand-ins take the place of services. Raises UsageError."""
    from onboard.machine import Machine

    here = Machine.here(agent=options.agent)
    if here.stand_ins:
        note("stand-ins: services are replaced by servers on this machine (ONBOARD_ENDPOINTS)")
    return here


def open_session(options: argparse.Namespace) -> Session:
    """Return the session at `--path`. Raises ProjectError, UsageError."""
    return read(machine(options), folder(options))


def read(here: Machine, place: Path) -> Session:
    """Return the session at `place`. Raises ProjectError."""
    from onboard.process import harden
    from onboard.session import Session

    harden()
    return Session.open(here, place)


def folder(options: argparse.Namespace) -> Path:
    """Return the folder that `--path` names, absolute; the current one without it. Raises UsageError."""
    path: Path = options.path or Path.cwd()
    if not path.is_dir():
        raise UsageError(f"{str(path)[:200]!r} is not a folder")
    return path.resolve()


def trusted_session(options: argparse.Namespace) -> Session:
    """Return a session that a person has approved; ask where one is at the terminal. Raises NeedsPerson."""
    session = open_session(options)
    if session.trusted:
        return session
    if not session.machine.terminal:
        raise NeedsPerson(
            "this repository is not approved yet", "run `onboard trust` in a terminal, and read what it shows"
        )
    from onboard.cli.trust import ask

    if not ask(session):
        raise NeedsPerson("not approved; nothing was done")
    return session


def confirm(question: str) -> bool:
    """Ask at the terminal; only a typed yes is a yes."""
    return answer(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def answer(question: str, *, hidden: bool = False) -> str:
    """Ask at the terminal and return what was typed; empty where the input ended.

    Ctrl-C ends the question at once: an event loop would take note of it, and wait for the answer first.
    """
    import signal

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if hidden:
            import getpass

            return getpass.getpass(question, stream=sys.stderr)
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline()
    except EOFError:
        return ""
    finally:
        signal.signal(signal.SIGINT, before)


def _harden() -> None:
    """No core file: it would hold every secret of this process."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
