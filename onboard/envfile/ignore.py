"""Which line of a `.gitignore` keeps an env file out of git, and whether it is there. Asks git nothing."""

from __future__ import annotations


def offered_line(name: str) -> str:
    """Return the line to add for the env file `name`, one that also covers onboard's temporary files beside it.

    `.env*.local` is the line that Next's own template has; a committed `.env.example` is left alone by both.
    """
    if name.startswith(".env") and name.endswith(".local"):
        return ".env*.local"
    return "/" + name if name == ".env" else name


def with_line(text: str, line: str) -> str:
    """Return the `.gitignore` `text` with `line` at its end, in the line ends that it has."""
    ending = "\r\n" if "\r\n" in text else "\n"
    lead = ending if text and not text.endswith("\n") else ""
    return text + lead + line + ending


def ignores(text: str, path: str) -> bool:
    """Return whether a `.gitignore` `text` ignores `path`, relative to its folder with `/`; git has the last word."""
    from pathspec import GitIgnoreSpec  # only when it is asked: `onboard check` pays for no import it does not need

    return bool(GitIgnoreSpec.from_lines(text.splitlines()).match_file(path))
