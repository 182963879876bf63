"""The table of providers in `docs/providers.md`, made from their facts."""

from __future__ import annotations

from collections.abc import Iterable

from onboard import providers
from onboard.providers._base import Credential, Provider

_HEAD = """# Providers

What onboard knows of each service. Made from `onboard/providers/` with
`python -m onboard.providers._table > docs/providers.md`; a test compares.
How to add one: [adding-a-provider.md](adding-a-provider.md).

- **Variables**: the usual name of each key; many others are known too.
- **Asked**: one finding a credential, with the hosts that its values go to, and nowhere else, and the ids under which
  `ONBOARD_ENDPOINTS` puts a stand-in in their place.
- **Rotate**: *by API* and *here* are done for you, *guided* is done by you on the service's page.
- **Made for you**: what onboard can create, always shown first.
"""


def page() -> str:
    """Return the whole page."""
    all_of_them = [providers.provider(id) for id in providers.names()]
    rows = ["| service | variables | asked | rotate | made for you |", "|---|---|---|---|---|"]
    rows += [_row(one) for one in all_of_them]
    limits = [f"- **{one.title}**: {one.limits}" for one in all_of_them if one.limits]
    return "\n".join([_HEAD, *rows, "", "## Free plans", "", *limits, ""])


def _row(provider: Provider) -> str:
    title = f"[{provider.title}]({provider.account})" if provider.account else provider.title
    how = {"api": "by API", "local": "here", "guided": "guided"}
    cells = (
        f"{title}: {provider.purpose}",
        _lines(f"`{key.names[0]}`" for key in provider.keys),
        _lines(_asked(provider, one) for one in provider.credentials) or "nothing: it is looked at only",
        _lines(f"{provider.key(one.key).title}: {how[one.how]}" for one in provider.rotations),
        _lines(one.title for one in provider.provisions),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _asked(provider: Provider, credential: Credential) -> str:
    id = f"`live.{provider.id}" + (f".{credential.part}`" if credential.part else "`")
    if credential.offline:
        return f"{id}: looked at only"
    if credential.own_host:
        return f"{id}: the value's own host"
    hosts = ", ".join(f"`*{host}`" if host.startswith(".") else f"`{host}`" for host in credential.hosts)
    endpoints = ", ".join(f"`{one}`" for one in credential.endpoints or (provider.id,))
    return f"{id}: {hosts}; endpoint {endpoints}"


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(texts)


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
