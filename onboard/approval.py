"""What a person approves for one project: its commands, and the hosts that each service's values go to."""

from __future__ import annotations

from onboard import remotes
from onboard.choices import Choices
from onboard.model import Variable
from onboard.project import Project
from onboard.project.trust import Approval, Gate, commands
from onboard.understanding import services

OWN_HOST = "the server that the value itself names"
"""For databases and the like, wherever they are: what the person entered is where it goes."""


def ask(gate: Gate, project: Project, variables: tuple[Variable, ...], env_file: str, choices: Choices) -> Approval:
    """Return what would be approved: commands, hosts with the variables that go there, files, keyring item.

    `env_file`: relative to the root.
    """
    hosts: dict[str, list[str]] = {}
    for service in services(variables):
        for credential in service.provider.credentials:
            if not set(credential.needs) <= set(service.keys.values()):
                continue  # the project has no variable for it
            names = [n for n, key in service.keys.items() if key in (*credential.needs, *credential.uses)]
            for host in (*credential.hosts, *((OWN_HOST,) if credential.own_host else ())):
                hosts.setdefault(host, [])
                hosts[host] += [name for name in names if name not in hosts[host]]
    for host, sent in remotes.hosts(project).items():
        hosts[host] = list(dict.fromkeys((*hosts.get(host, ()), *sent)))
    folder = choices.get("folder")
    return gate.ask(
        project,
        commands=commands(project, project.app),
        hosts=hosts,
        files=(env_file,),
        keyring_folder=folder if isinstance(folder, str) else None,
    )
