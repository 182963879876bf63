"""The real parts that the stand-ins are held against."""

from tests.parts.fixtures import *  # noqa: F403
