"""What may take long runs in a thread of its own that keeps nobody waiting, not even leaving."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def aside(do: Callable[[], T]) -> T:
    """Return what `do` returns, or raise what it raises. Unlike `asyncio.to_thread`, the end of the loop waits not."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(act: Callable[[], None]) -> None:
        def unless_left() -> None:
            if not done.done():
                act()

        with suppress(RuntimeError):  # the loop is closed: the person has left
            loop.call_soon_threadsafe(unless_left)

    def work() -> None:
        try:
            result = do()
        except BaseException as error:
            failed = error
            tell(lambda: done.set_exception(failed))
        else:
            tell(lambda: done.set_result(result))

    threading.Thread(target=work, daemon=True, name="aside").start()
    return await done
