"""git and the env file: ignored, and not tracked?"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from onboard.checks._base import Check, View
from onboard.errors import ProcessError
from onboard.model import Finding, Status, Tell, Write

QUIET = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "--no-optional-locks",
)  # fmt: skip
"""The repository's own settings name programs that git would start; these keep them from running."""


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of what git does with the env file; none outside a repository."""
    if not any((folder / ".git").exists() for folder in (view.env_path.parent, *view.env_path.parent.parents)):
        return ()
    return (Check("env.ignored", "Env file and git", _look, outside=True, seconds=6),)


async def _look(view: View) -> Finding:
    check = Check("env.ignored", "Env file and git", _look)
    name = view.env_path.name
    folder = view.env_path.parent
    run = partial(_git, view, folder)
    tracked = await run("ls-files", "--error-unmatch", "--", name)
    if tracked is None:
        return check.says(Status.UNKNOWN, "git could not be asked")
    if tracked == 0:
        return check.says(
            Status.FAIL,
            f"{name} is tracked by git: the next commit would publish the secrets in it",
            detail="take it out of the index; what was committed before stays in the history, so change those keys",
            step=Tell(f"Take {name} out of git", command=f"git rm --cached {name}"),
            evidence={"tracked": True},
        )
    ignored = await run("check-ignore", "-q", "--", name)
    if ignored == 0:
        return check.says(Status.OK, "ignored by git", evidence={"tracked": False, "ignored": True})
    return check.says(
        Status.FAIL,
        f"{name} is not ignored by git: `git add .` would take the secrets along",
        step=Write(f"Add {name} to .gitignore", what="ignore", command=f"echo {name} >> .gitignore"),
        evidence={"tracked": False, "ignored": False},
    )


async def _git(view: View, folder: Path, *words: str) -> int | None:
    """Return git's exit code; `None` where it could not be run."""
    git = view.machine.runner.find("git", root=Path(view.project.root))
    if git.path is None:
        return None
    try:
        done = await view.machine.runner.run(
            (str(git.path), *QUIET, *words), cwd=folder, env={"GIT_CONFIG_NOSYSTEM": "1"}, timeout=5
        )
    except ProcessError:
        return None
    return None if done.timed_out or done.code > 1 else done.code
