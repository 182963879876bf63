"""Fields that values are typed into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from onboard.model import Secret
from onboard.paste import cleaned
from onboard.tui.entry import MASK, Changed, SecretField
from tests.tui.scenes import BY_NAME, KEY, SMALL, picture, play, settle, words

pytestmark = pytest.mark.anyio

PEM = "-----BEGIN PRIVATE KEY-----\nMIIsynthetic\n-----END PRIVATE KEY-----"


class Form(App[None]):
    """Two secret fields, and the clipboard as the terminal gets it."""

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []
        self.copied: list[str] = []

    def compose(self) -> ComposeResult:
        yield SecretField("STRIPE_SECRET_KEY", cleaned, hint="sk_test_…")
        yield SecretField("PRIVATE_KEY", cleaned)

    def on_changed(self, event: Changed) -> None:
        self.heard.append(event)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    @property
    def first(self) -> SecretField:
        return self.query(SecretField).first()


async def _paste(pilot: Pilot[None], text: str) -> None:
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(events.Paste(text))
    await pilot.pause()


@pytest.mark.parametrize("length", [1, 7, 40, 5000])
async def test_the_mask_does_not_tell_the_length(length: int) -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab")
        await _paste(pilot, "x" * length)
        assert app.first.render().plain.strip() == MASK
        assert app.first.secret() == Secret("x" * length)


async def test_what_is_typed_is_never_drawn() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab", *"sk_test_abc")
        assert app.first.secret().reveal() == "sk_test_abc"
        svg = app.export_screenshot()
        assert not any(piece in svg for piece in ("sk_", "test", "abc"))


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+x", "super+c", "ctrl+insert", "ctrl+a", "shift+home"])
async def test_nothing_is_copied_out_of_a_secret(key: str) -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab")
        await _paste(pilot, KEY)
        await pilot.press("ctrl+a", "ctrl+t", key, "ctrl+c")
        await pilot.double_click(SecretField)
        await pilot.press("ctrl+c")
        assert app.copied == []
        assert app.clipboard == ""
        assert app.first.secret().reveal() == KEY


async def test_a_paste_says_what_was_taken_off() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab")
        await _paste(pilot, f'export STRIPE_SECRET_KEY="{KEY}"\nSECOND=1\n')
        assert app.first.secret().reveal() == KEY
        [said] = [event for event in app.heard if isinstance(event, Changed) and event.removed]
        assert "quotes" in said.removed
        assert any("line" in word for word in said.removed)


async def test_a_value_of_several_lines_keeps_them() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab", "tab")
        await _paste(pilot, PEM + "\n")
        assert app.query(SecretField).last().secret().reveal() == PEM


async def test_a_paste_takes_the_place_of_what_was_there() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab", "o", "l", "d")
        await _paste(pilot, KEY)
        assert app.first.secret().reveal() == KEY
        await pilot.press("backspace", "x")
        assert app.first.secret().reveal() == KEY[:-1] + "x"
        await pilot.press("ctrl+u")
        assert not app.first.filled


@pytest.mark.parametrize("event", ["tab", "z", "ctrl+t", "suspend", "blur"])
async def test_a_shown_value_is_gone_as_soon_as_anything_happens(event: str) -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab")
        await _paste(pilot, KEY)
        await pilot.press("ctrl+t")
        assert KEY in app.first.render().plain
        if event == "suspend":
            app.app_suspend_signal.publish(app)
        elif event == "blur":
            app.post_message(events.AppBlur())
        else:
            await pilot.press(event)
        await pilot.pause()
        assert KEY not in app.first.render().plain


async def test_no_message_and_no_repr_holds_the_value() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("tab")
        await _paste(pilot, KEY)
        await pilot.press("a")
        assert app.heard
        told = " ".join([repr(app.first), str(app.first), *(repr(event) for event in app.heard)])
        told += " ".join(repr(vars(event)) for event in app.heard)
        assert KEY not in told


async def test_the_value_is_gone_after_saving_and_with_the_screen(tmp_path: Path) -> None:
    from onboard.tui.app import OnboardApp

    session = BY_NAME["ask-accepted"].make(tmp_path)
    app = OnboardApp(session.real())
    async with app.run_test(size=SMALL) as pilot:
        await play(pilot, BY_NAME["ask-accepted"])
        fields = list(app.screen.query(SecretField))
        assert all(field.filled for field in fields)
        await pilot.press("enter")
        await settle(pilot)
        assert session.saved["STRIPE_SECRET_KEY"] == Secret(KEY)
        assert not any(field.filled for field in fields)


@pytest.mark.parametrize("name", ["ask-typed", "ask-accepted", "ask-refused", "ask-untold", "ask-demo", "leave"])
async def test_no_picture_holds_a_key(name: str, tmp_path: Path) -> None:
    svg = await picture(BY_NAME[name], SMALL, tmp_path)
    assert KEY not in svg
    assert KEY[:12] not in words(svg)


async def test_no_command_takes_a_picture_of_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onboard.tui.app import OnboardApp

    monkeypatch.chdir(tmp_path)
    app = OnboardApp(BY_NAME["ask-typed"].make(tmp_path).real())
    async with app.run_test(size=SMALL) as pilot:
        await play(pilot, BY_NAME["ask-typed"])
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Open page" in titles
        assert not any("creenshot" in title for title in titles)
        app.action_screenshot(path=str(tmp_path))
        app.save_screenshot(path=str(tmp_path))
        await pilot.pause()
    assert not any(name.endswith(".svg") for name in os.listdir(tmp_path))
