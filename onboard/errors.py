"""What can go wrong with us. Bad news about the developer's machine is a Finding instead.

OnboardError
├── UsageError          the command line is wrong                          exit 2
├── ProjectError        onboard.toml or the template cannot be understood  exit 2
├── EnvFileError        the env file cannot be read or written             exit 1
├── ProcessError        a command could not be started                     exit 1
├── VaultError          the keyring is locked, absent, mute or wrong       exit 3
├── NetworkError        a service could not be asked                       exit 3
└── NeedsPerson         trust, a secret or a confirmation is owed          exit 4
"""


class OnboardError(Exception):
    """Something that was asked of us could not be done."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Say what is so (`message`) and what to do (`hint`); neither may ever hold a secret's value."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(OnboardError):
    """The command line is wrong."""


class ProjectError(OnboardError):
    """Our own input cannot be understood: onboard.toml, the template, the folder."""


class EnvFileError(OnboardError):
    """The env file cannot be read or written safely."""


class ProcessError(OnboardError):
    """A command could not be started or did not end as it had to."""


class VaultError(OnboardError):
    """The keyring could not be used."""


class NetworkError(OnboardError):
    """A service could not be asked; says nothing about the credential."""


class NeedsPerson(OnboardError):
    """A person has to decide or to type something first."""
