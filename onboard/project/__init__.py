"""What a repository needs, read from its files and never executed."""

from onboard.project.infer import understand
from onboard.project.init import merge, render
from onboard.project.values import (
    Alternative,
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
    "Alternative",
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
    "merge",
    "render",
    "understand",
]
