"""`onboard demo`: the whole wizard on a sample project, with stand-ins on this machine."""

from __future__ import annotations

from onboard.cli import common


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "The whole wizard on a sample project: no account, no network, no Node needed.")
    parser.add_argument("--plain", action="store_true", help="line by line")
    options = parser.parse_args(words)
    from onboard.cli import wizard
    from onboard.sandbox.demo import Demo
    from onboard.tui import Opening

    with Demo() as demo:
        common.note(f"demo: a sample project in {demo.root}; services are stand-ins on this machine, nothing leaves it")
        code = wizard.start(Opening(demo.machine(), demo.root, demo.session), plain=options.plain, demo=demo.values)
    common.note("demo: the sample project is cleaned up")
    # Leaving a demo half-way owes nobody anything; what broke off or was interrupted is told all the same.
    return common.OK if code in (common.OK, common.UNKNOWN, common.PERSON) else code
