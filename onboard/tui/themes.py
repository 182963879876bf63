"""The two themes of ours; the terminal's own colours and Textual's themes can be chosen too."""

from __future__ import annotations

from textual.theme import Theme

THEMES = (
    Theme(
        name="onboard-dark",
        primary="#7aa2f7",
        secondary="#9aa5ce",
        accent="#7dcfff",
        warning="#e0af68",
        error="#f7768e",
        success="#9ece6a",
        foreground="#d5daf0",
        background="#16171f",
        surface="#1b1d28",
        panel="#24283b",
        variables={
            "quiet": "#8b93b5",
            "edge": "#3b4261",
            "block-cursor-background": "#364a82",
            "block-cursor-foreground": "#ffffff",
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": "#292e42",
            "block-cursor-blurred-text-style": "none",
        },
    ),
    Theme(
        name="onboard-light",
        primary="#2959aa",
        secondary="#545c7e",
        accent="#006c86",
        warning="#8f5e15",
        error="#b3244b",
        success="#3a6b17",
        foreground="#24273a",
        background="#f6f6fa",
        surface="#ececf3",
        panel="#dfe0ea",
        variables={
            "quiet": "#5f657f",
            "edge": "#b4b8cc",
            "block-cursor-background": "#c5d4f5",
            "block-cursor-foreground": "#16171f",
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": "#dfe0ea",
            "block-cursor-blurred-text-style": "none",
        },
        dark=False,
    ),
)
