"""onboard guides a developer from a fresh clone to a running app."""

__version__ = "0.1.0"
