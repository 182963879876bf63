"""`onboard completion`: words for the shell's Tab key."""

from __future__ import annotations

from onboard.cli import VERBS, common

_BASH = 'complete -W "{words}" onboard\n'
_ZSH = "#compdef onboard\n_arguments '1:command:({words})' '*:file:_files'\n"
_FISH = "complete -c onboard -f -n __fish_use_subcommand -a '{words}'\n"
_SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Print completions for a shell.")
    parser.add_argument("shell", choices=tuple(_SHELLS))
    options = parser.parse_args(words)
    common.out(_SHELLS[options.shell].format(words=" ".join(VERBS)).rstrip("\n"))
    return common.OK
