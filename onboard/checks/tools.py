"""Programs that have to be on the machine: there, running, and of the version that the repository pins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from onboard import versions
from onboard.checks._base import Check, View
from onboard.clean import line
from onboard.errors import ProcessError
from onboard.listeners import NO_BUS
from onboard.model import Finding, Open, Run, Status, Step, Tell
from onboard.project.values import Tool


@dataclass(frozen=True, slots=True)
class Known:
    """How a program is asked for its version and how it is got."""

    title: str
    page: str
    """Where its makers say how to install it on any system."""
    version: tuple[str, ...] = ("--version",)
    brew: str = ""
    apt: str = ""
    winget: str = ""
    npm: str = ""
    """Package on npm; needs Node. `{version}` is replaced by the pinned version."""


TOOLS: dict[str, Known] = {
    "node": Known("Node.js", "https://nodejs.org/en/download", brew="node", winget="OpenJS.NodeJS"),
    "npm": Known("npm", "https://docs.npmjs.com/downloading-and-installing-node-js-and-npm"),
    "pnpm": Known("pnpm", "https://pnpm.io/installation", brew="pnpm", winget="pnpm.pnpm", npm="pnpm@{version}"),
    "yarn": Known("Yarn", "https://yarnpkg.com/getting-started/install", npm="corepack"),
    "bun": Known("Bun", "https://bun.sh/docs/installation", brew="oven-sh/bun/bun", npm="bun@{version}"),
    "git": Known("git", "https://git-scm.com/downloads", brew="git", apt="git", winget="Git.Git"),
    "stripe": Known(
        "Stripe CLI",
        "https://docs.stripe.com/stripe-cli/install",
        brew="stripe/stripe-cli/stripe",
        winget="Stripe.StripeCli",
    ),
    "docker": Known("Docker", "https://docs.docker.com/get-docker/"),
    "supabase": Known(
        "Supabase CLI", "https://supabase.com/docs/guides/local-development", brew="supabase/tap/supabase"
    ),
    "vercel": Known("Vercel CLI", "https://vercel.com/docs/cli", npm="vercel"),
}


def checks(view: View) -> tuple[Check, ...]:
    """Return one check a program."""
    return tuple(
        Check(f"tool.{tool.name}", _title(tool), partial(_look, tool=tool), outside=True, seconds=12)
        for tool in view.project.tools
    )


def _title(tool: Tool) -> str:
    return TOOLS[tool.name].title if tool.name in TOOLS else tool.name


async def _look(view: View, tool: Tool) -> Finding:
    check = Check(f"tool.{tool.name}", _title(tool), partial(_look, tool=tool))
    known = TOOLS.get(tool.name)
    wanted = {"wanted": tool.spec, "source": tool.source}
    found = view.machine.runner.find(tool.name, root=Path(view.project.root))
    if found.path is None:
        says = f"{check.title} is not on this machine" + (f"; {tool.source} asks for {tool.spec}" if tool.spec else "")
        # Whether the project can do without its containers is told by `compose.services`.
        status = Status.WARN if tool.name == "docker" else Status.FAIL
        return check.says(status, says, detail=found.reason, step=_step(view, tool, known), evidence=wanted)
    evidence = wanted | {"path": str(found.path)}
    try:
        done = await view.machine.runner.run(
            (str(found.path), *(known.version if known else ("--version",))),
            cwd=Path(view.project.root) / view.app.dir,
            # A version is asked for; nothing is to be downloaded or switched to for that.
            env={"COREPACK_ENABLE_DOWNLOAD_PROMPT": "0", "STRIPE_CLI_TELEMETRY_OPTOUT": "1", "CI": "1", **NO_BUS},
            timeout=10,
        )
    except ProcessError as error:
        return check.says(
            Status.FAIL, error.message, detail=error.hint, step=_step(view, tool, known), evidence=evidence
        )
    if done.timed_out:
        return check.says(Status.UNKNOWN, f"{check.title} did not tell its version within 10 s", evidence=evidence)
    version = versions.parse(done.out)
    if done.code != 0 or version is None:
        return check.says(
            Status.FAIL,
            f"{check.title} is there but does not run (exit {done.code})",
            detail=_reason(done.err or done.out),
            step=_step(view, tool, known),
            evidence=evidence,
        )
    text = ".".join(map(str, version))
    evidence = evidence | {"version": text}
    fits = versions.fits(version, tool.spec) if tool.spec else True
    if fits is False:
        # Prose tells what somebody had; pins and ranges tell what is needed.
        return check.says(
            Status.WARN if tool.source == "README" else Status.FAIL,
            f"{check.title} {text} is here; {tool.source or 'the repository'} asks for {tool.spec}",
            step=_step(view, tool, known),
            evidence=evidence,
        )
    if fits is None:
        return check.says(
            Status.WARN,
            f"{check.title} {text} is here; whether {tool.spec} means it could not be read",
            evidence=evidence,
        )
    return check.says(Status.OK, text, evidence=evidence)


_ERROR = re.compile(r"\W*(?:\w*error|err_\w+)\b", re.IGNORECASE)


def _reason(said: str) -> str:
    """Return the line of a program's last words that gives the reason; what follows it is advice, or a trace."""
    rows = [row for row in said.splitlines() if row.strip()]
    return line(next((row for row in rows if _ERROR.match(row)), rows[-1] if rows else ""), limit=200)


def _step(view: View, tool: Tool, known: Known | None) -> Step:
    """Return one command for this system where there is one that its makers document, else their page."""
    if known is None:
        return Tell(f"Install {tool.name}" + (f", as {tool.source} asks" if tool.source else ""))
    title = f"Install {known.title}" + (f" {tool.spec}" if tool.spec else "")
    root = Path(view.project.root)
    has = {
        name: view.machine.runner.find(name, root=root).path is not None
        for name in ("brew", "apt-get", "winget", "npm")
    }
    if tool.name == "node":
        number = versions.parse(tool.spec or "")
        if number and _nvm(view):
            # nvm is a shell function: it cannot be started as a program.
            nvm = '. "${NVM_DIR:-$HOME/.nvm}/nvm.sh" && nvm install ' + str(number[0])
            return Run(title, ("bash", "-c", nvm), url=known.page)
        if number and has["brew"]:
            return Run(title, ("brew", "install", f"node@{number[0]}"), url=known.page)
    if known.npm and has["npm"]:
        pinned = versions.parse(tool.spec or "")
        exact = ".".join(map(str, pinned)) if pinned and tool.spec and tool.spec.count(".") == 2 else "latest"
        return Run(title, ("npm", "install", "-g", known.npm.replace("{version}", exact)), url=known.page)
    if known.brew and has["brew"]:
        return Run(title, ("brew", "install", known.brew), url=known.page)
    if known.winget and has["winget"]:
        return Run(title, ("winget", "install", "--id", known.winget, "-e"), url=known.page)
    if known.apt and has["apt-get"]:
        return Run(title, ("sudo", "apt-get", "install", "-y", known.apt), url=known.page)
    return Open(title, known.page)


def _nvm(view: View) -> bool:
    folder = view.machine.env.get("NVM_DIR") or str(view.machine.home / ".nvm")
    return (Path(folder) / "nvm.sh").is_file()
