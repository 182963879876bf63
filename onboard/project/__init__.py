"""What a repository needs, read from its files and never executed."""

from onboard.project.infer import understand
from onboard.project.values import (
    App,
    CodeRead,
    Dev,
    NodeSpec,
    PackageManager,
    Project,
    Push,
    Source,
    Tool,
    Trouble,
    Webhook,
)

__all__ = [
    "App",
    "CodeRead",
    "Dev",
    "NodeSpec",
    "PackageManager",
    "Project",
    "Push",
    "Source",
    "Tool",
    "Trouble",
    "Webhook",
    "understand",
]
