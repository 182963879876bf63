"""What all tests share."""

import signal

import pytest

# A shell that starts us in the background has these ignored, and every child would inherit that.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
