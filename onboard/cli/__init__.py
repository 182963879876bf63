"""The command line: arguments in, lines or JSON out, an exit code. A verb's module is imported when it is called."""

import os
import sys

HELP = """\
onboard: from a fresh clone to a running app

  onboard                   the wizard where something is owed, the status board where all is well          --plain

  look    doctor            every check, live ones too        --offline --json --markdown --only ID… --problems --fix
          check             the offline part, fast enough before every dev start                        --json
          project           what onboard understood of this repository                                  --json
          list              each variable: state, place, age                                            --json
          explain NAME      one variable: where it is declared, found, used, and which source wins      --json
  do      setup             the steps that need no person                                     --yes --file-only
          set NAME          a value, from stdin or a hidden prompt, checked and saved            --make --no-verify
          unset NAME        take a variable out
          import FILE|-     many values at once                   --from SOURCE --format env|json     --no-verify
          env               the env file made again            --write --diff --undo --without-secrets --with-secrets
          push              the schema push, guarded                                                      --yes
          dev               dev server and listeners, supervised                                        --prove
          listen            all listeners until Ctrl-C; their secrets are caught                      --secrets
          run -- CMD…       a command with the project's variables
          wait NAME…        until it is there and its service accepts it                            --timeout S
          rotate NAME…      change a credential; the old one ends when the new one works  --older-than 90d --undo
  keep    trust             approve exactly these bytes                        --show --json --accept HASH --revoke
          forget            remove this project's secrets from the keyring                                --yes
          init              write onboard.toml from what was understood          --force --hooks --unhook --yes
  try     demo              the whole wizard on a sample project; no account, no network                    --plain

All take --path DIR, --agent (nobody is at the terminal) and --help. `onboard completion bash|zsh|fish` completes words.
Exit: 0 fine · 1 a check or step failed · 2 usage, onboard.toml · 3 could not tell · 4 needs a person · 130 Ctrl-C
"""

VERBS = {
    "doctor": "doctor",
    "check": "check",
    "project": "project",
    "list": "listing",
    "explain": "explain",
    "setup": "setup",
    "set": "entering",
    "rotate": "rotate",
    "unset": "entering",
    "import": "importing",
    "env": "env",
    "push": "push",
    "dev": "dev",
    "listen": "listen",
    "run": "run",
    "wait": "wait",
    "trust": "trust",
    "forget": "forget",
    "init": "init",
    "demo": "demo",
    "completion": "completion",
}
"""Verb → its module in this folder, with `main(verb, words) -> int`."""


def main() -> None:
    """Run the program with `sys.argv` and end with its exit code."""
    words = sys.argv[1:]
    # A module of the repository in the current folder must never be imported as one of ours.
    sys.path[:] = [folder for folder in sys.path if folder not in ("", ".")]
    if words and words[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        sys.exit(0)
    if words and words[0] in ("-V", "--version"):
        from onboard import __version__

        sys.stdout.write(f"onboard {__version__}\n")
        sys.exit(0)
    if words == ["check"]:
        _exit_as_before()
    from onboard.cli.common import run

    sys.exit(run(words))


def _exit_as_before() -> None:
    """Give the answer of the last check again and end, where it still holds."""
    from onboard import quick

    try:
        known = quick.answer(os.environ, os.getcwd())
        if known is None:
            return
        sys.stderr.write(known[1])
        sys.stderr.flush()
    except OSError:
        return
    os._exit(known[0])  # nothing was opened or begun that would have to be ended first
