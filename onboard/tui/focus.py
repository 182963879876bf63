"""The focus outlives a window that was too small for it."""

from __future__ import annotations

from textual import events
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget


class Steady(Screen[ScreenResultType]):
    """A screen that keeps what is typed into in sight, and gives the focus back that a small window took."""

    _kept: Widget | None = None
    """What had the focus last."""

    def on_resize(self) -> None:
        """Look after the focus once the new size is laid out."""
        self.call_after_refresh(self._refocus)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Remember what had the focus."""
        self._kept = event.widget

    def _refocus(self) -> None:
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)
        elif self._kept is not None and self._kept.is_mounted and self._kept.is_on_screen:
            self.set_focus(self._kept)
