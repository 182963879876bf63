"""The entry form: the values of one service are typed, checked, and saved once it is shown whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from onboard.errors import OnboardError
from onboard.model import Ask, Kind, Need, Secret, Status
from onboard.plan import Owed
from onboard.tui import text
from onboard.tui.entry import Changed, Entry, PublicField, SecretField, Submitted
from onboard.tui.frame import Frame
from onboard.tui.messages import Copy, Done, OpenPage, PutOff
from onboard.tui.offers import Offers, ways, worth
from onboard.tui.parts import Choices
from onboard.tui.sitting import Sitting
from onboard.tui.verdict import verdict

if TYPE_CHECKING:
    from onboard.entry import Field, Form, Trial


class AskScreen(Frame):
    """Values of one service are typed here."""

    ABOUT: ClassVar[str] = (
        "Type or paste the values of one service. What a value looks like is told as you type; nothing is sent until "
        "you press Enter. Then the service is asked whether it takes them, you see whose they are, and only after "
        "that are they saved. Secrets are never shown, unless you ask for a moment's look."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop asking", id="stop"),
        Binding("escape", "change", "Change", id="change"),
        Binding("escape", "back", "Overview", id="back"),
        Binding("ctrl+d,f3", "demo", "Demo values", id="demo", priority=True),
        Binding("o,ctrl+o", "open", "Open page", id="open"),
        Binding("g,ctrl+g", "generate", "Generate", id="generate"),
        Binding("m,ctrl+e", "make", "Without typing", id="make"),
        Binding("s,ctrl+s", "skip", "Skip", id="skip"),
        Binding("l,ctrl+l", "later", "Later", id="later"),
        Binding("c,ctrl+y", "copy", "Copy address", id="copy", show=False),
        Binding("r,f5", "look", "Look again", id="look", show=False),
        Binding("pagedown", "page(1)", "Read on", show=False, id="page.down"),
        Binding("pageup", "page(-1)", "Read back", show=False, id="page.up"),
    ]

    def __init__(self, sitting: Sitting, owed: Owed) -> None:
        super().__init__(sitting, owed.stage)
        self.owed = owed
        self.form: Form = sitting.session.form(owed.step.variables if isinstance(owed.step, Ask) else ())
        self.fields: dict[str, Field] = {field.variable.name: field for field in self.form.fields}
        self.offers = worth(sitting.session.offers(tuple(self.fields)), self.form.fields)
        """Ways to come by the values that are not typing them."""
        self._trial: tuple[Mapping[str, Secret], Trial] | None = None
        """What was found out about which values; `None` while they are typed or asked about."""
        self._busy: Literal["", "asking", "saving"] = ""

    def body(self) -> ComposeResult:
        """Lay out purpose, page, fields, and the place for the verdict."""
        with VerticalScroll(id="form", can_focus=False):
            yield Static(self._title(), id="title", markup=False)
            yield Static(self._where(), id="where", markup=False)
            for field in self.form.fields:
                yield self._entry(field)
            yield Static(Content(""), id="hint", markup=False)
            yield Static(self._guidance(), id="guidance", markup=False)
        with Vertical(id="verdict"):
            yield Static(Content(""), id="found", markup=False)
            yield Choices(())

    def on_mount(self) -> None:
        """Start at the first value that is missing."""
        super().on_mount()
        self.query_one("#verdict").display = False
        for entry in self._entries():
            self._describe(entry)
        first = next((entry for entry in self._entries() if not entry.filled and self._wanted(entry)), None)
        entries = self._entries()
        self.set_focus(first or next(iter(entries), None), scroll_visible=first is not None and first is not entries[0])

    # what is shown

    def _title(self) -> Content:
        need = "optional" if self.form.optional else ""
        purpose = text.line(self.form.purpose)
        return text.join(text.line(self.form.title, text.STRONG), text.line(need, text.QUIET), purpose, gap=" · ")

    def _where(self) -> Content:
        """Say where the values are to be had, where they are sent, and why they are asked for once more."""
        rows: list[Content | str] = []
        if any(field.state != "missing" for field in self.form.fields):
            why = text.line(self.owed.finding.summary, text.QUIET)
            rows.append(text.join(text.sign(self.owed.finding.status), why))
        if len(self.form.ways) > 1:
            rows.append(text.line(f"One of these is enough: {', '.join(self.form.ways)}"))
        if self.form.page:
            rows.append(text.line(self.form.page, text.LINK, limit=4000))
        if self.offers:
            rows.append(ways(self.offers))
        whom = f"Checked with {', '.join(self.form.hosts)}, nobody else." if self.form.hosts else "It is sent nowhere."
        return text.lines(*rows, text.line(whom, text.QUIET))

    def _guidance(self) -> Content:
        """Say how to come by the values, for somebody without an account yet."""
        steps = enumerate(self.form.instructions, 1)
        rows = [text.join(text.say(f"{n}.", text.QUIET), text.say(one)) for n, one in steps]
        return text.lines(*rows, text.line(self.form.limits, text.QUIET))

    def _entry(self, field: Field) -> Entry:
        variable = field.variable
        held = "already set · empty keeps it" if field.state == "ok" else ""
        hint = held or field.looks_like
        clean = self.sitting.session.clean
        if variable.kind is Kind.SECRET:
            return SecretField(variable.name, clean, hint=hint)
        return PublicField(variable.name, clean, hint=hint, value=field.default or "" if field.state != "ok" else "")

    def _entries(self) -> list[Entry]:
        return [entry for entry in self.query(".entry") if isinstance(entry, SecretField | PublicField)]

    def _wanted(self, entry: Entry) -> bool:
        field = self.fields[entry.name or ""]
        return field.state != "ok" and field.variable.need is Need.REQUIRED

    def _describe(self, entry: Entry) -> None:
        """Say on the field's border what it is, and what the value looks like."""
        field = self.fields[entry.name or ""]
        name = text.line(field.variable.name, text.STRONG)
        title = text.line(field.title, text.QUIET) if field.title != field.variable.name else Content("")
        optional = field.variable.need is Need.OPTIONAL
        entry.border_title = text.join(name, title, text.line("optional" if optional else "", text.QUIET), gap=" · ")
        entry.border_subtitle = text.join(*self._shape(entry))

    def _shape(self, entry: Entry) -> tuple[Content, Content]:
        name = entry.name or ""
        shape = self.sitting.session.fits(name, entry.secret().reveal()) if entry.filled else None
        if shape is None or not shape.text:
            return Content(""), Content("")
        return text.sign(Status.OK if shape.fits else Status.WARN), text.line(shape.text)

    # what is typed

    @on(Changed)
    def changed(self, event: Changed) -> None:
        """Tell the shape; what was found out about other values no longer counts."""
        event.stop()
        if not isinstance(event.field, SecretField | PublicField) or self._busy == "saving":
            return
        if self._trial is not None or self._busy:
            self.workers.cancel_node(self)
            self._judge(None)
        self._describe(event.field)
        if event.removed:
            self.status(f"Taken off what you pasted: {', '.join(event.removed)}.", Status.OK)
        self._hint(event.field)

    def on_descendant_focus(self) -> None:
        """Tell what the focused value looks like in full."""
        if isinstance(self.focused, SecretField | PublicField):
            self._hint(self.focused)
        self.refresh_bindings()

    def _hint(self, entry: Entry) -> None:
        field = self.fields[entry.name or ""]
        hint = self.query_one("#hint", Static)
        if entry.filled:
            told = text.join(*self._shape(entry))
            hint.update(told if told.cell_length > entry.size.width - 4 else Content(""))
        else:
            told_above = (self.form.title, self.form.page)  # the template's comment often holds no more than these
            about = "" if field.variable.description in told_above else field.variable.description
            said = about or (field.looks_like and f"It looks like {field.looks_like}.")
            hint.update(text.line(said or "", text.QUIET))

    @on(Submitted)
    def submitted(self, event: Submitted) -> None:
        """Go to the next value that is missing, or have all of them checked."""
        event.stop()
        entries = self._entries()
        after = entries[entries.index(event.field) + 1 :] if event.field in entries else []
        waiting = next((entry for entry in after if not entry.filled and self._wanted(entry)), None)
        if waiting is not None:
            self.set_focus(waiting)
            return
        self._check()

    def _values(self) -> dict[str, Secret]:
        """Return what was typed, cleaned once more: a terminal without paste marks types a paste key by key."""
        values: dict[str, Secret] = {}
        removed: dict[str, None] = {}
        for entry in self._entries():
            if entry.filled:
                pasted = self.sitting.session.clean(entry.name or "", entry.secret().reveal())
                removed |= dict.fromkeys(pasted.removed)
                if pasted.value:
                    values[entry.name or ""] = pasted.value
        if removed:
            self.status(f"Taken off what you typed: {', '.join(removed)}.", Status.OK)
        return values

    # asking, and the verdict

    def _check(self) -> None:
        if values := self._values():
            self.attempt(values)
        else:
            filled = any(self.sitting.demo_value(entry.name or "") is not None for entry in self._entries())
            other = "ctrl+d fills in the demo's" if filled else "leave it for later"
            self.status(f"Nothing is typed yet. Type or paste a value, or {other}.")

    @work(exclusive=True, exit_on_error=False)
    async def attempt(self, values: Mapping[str, Secret]) -> None:
        """Ask the service, and show what it says."""
        self._busy = "asking"
        whom = ", ".join(self.form.hosts)
        self.status(f"Asking {whom} … Esc stops it." if whom else "Checking …")
        self.refresh_bindings()
        try:
            trial = await self.sitting.session.attempt(values)
        finally:
            self._busy = ""
        self.status("")
        self._trial = (values, trial)
        self._judge(trial)

    def _judge(self, trial: Trial | None) -> None:
        """Show the verdict and what can be done about it; `None` takes it away."""
        panel = self.query_one("#verdict")
        panel.display = trial is not None
        for part in ("#where", "#guidance"):
            self.query_one(part).display = trial is None
        if trial is None:
            self._trial = None
            self.status("")
            self.refresh_bindings()
            return
        rows, choices = verdict(trial)
        self.query_one(Choices).offer(choices)
        self.query_one("#found", Static).update(text.lines(*rows))
        self.set_focus(self.query_one(Choices))
        self.refresh_bindings()

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Do what was chosen."""
        event.stop()
        match event.choice:
            case "save":
                self.save()
            case "again":
                self._check()
            case "change":
                self.action_change()
            case "later":
                self.action_later()

    def action_change(self) -> None:
        """Go back to the values."""
        refused = {finding.variable for finding in self._trial[1].findings} if self._trial else set()
        self._judge(None)
        entries = self._entries()
        self.set_focus(next((entry for entry in entries if entry.name in refused), entries[0] if entries else None))

    @work(exclusive=True, exit_on_error=False)
    async def save(self) -> None:
        """Save exactly what was checked."""
        if self._trial is None:
            return
        values, trial = self._trial
        self._busy = "saving"
        self.status("Saving …")
        try:
            warnings = await self.sitting.session.save(values, trial)
        except OnboardError:
            self._busy = ""
            raise
        for entry in self._entries():
            entry.clear()
        self._trial = None
        for warning in warnings:
            self.sitting.note(warning, Status.WARN)
        unverified = "" if trial.may_save else ", unverified"
        self.post_message(Done(self.owed, f"{', '.join(values)} saved{unverified}"))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible here and now."""
        match action:
            case "open" | "copy":
                return bool(self.form.page)
            case "generate":
                return self._trial is None and self._made_here() is not None
            case "make":
                return self._trial is None and not self._busy and bool(self.offers)
            case "stop":
                return self._busy == "asking"
            case "change":
                return self._trial is not None and not self._busy
            case "back":
                return self._trial is None and not self._busy
            case "demo":
                return any(self.sitting.demo_value(name) for name in self.fields)
            case "skip":
                return self.form.optional
        return True

    def _made_here(self) -> Entry | None:
        """Return the field whose value can be made here: the focused one, else the first."""
        made = [entry for entry in self._entries() if self.fields[entry.name or ""].can_generate]
        return next((entry for entry in made if entry is self.focused), made[0] if made else None)

    def action_open(self) -> None:
        """Open the page where the values are to be had."""
        if self.form.page:
            self.post_message(OpenPage(self.form.page))

    def action_copy(self) -> None:
        """Copy that page's address."""
        if self.form.page:
            self.post_message(Copy(self.form.page))

    def action_generate(self) -> None:
        """Make a random value."""
        entry = self._made_here()
        if entry is not None:
            entry.put(self.sitting.session.generate(entry.name or ""))
            self.set_focus(entry)
            self.status("A random value was made on this machine. Enter saves it.", Status.OK)

    def action_make(self) -> None:
        """Show the ways to come by the values without typing them."""
        self.app.push_screen(Offers(self.sitting, self.offers), self.made)

    async def made(self, values: Mapping[str, Secret] | None) -> None:
        """Put what was made into the fields, with a field for each variable more than was asked for."""
        if not values:
            return
        more = [name for name in values if name not in self.fields]
        for field in self.sitting.session.form(more).fields if more else ():
            self.fields[field.variable.name] = field
            await self.query_one("#form").mount(self._entry(field), before="#hint")
        for entry in self._entries():
            if (value := values.get(entry.name or "")) is not None:
                entry.put(value)
                self._describe(entry)
                self.set_focus(entry)
        left = ", ".join(name for name in values if name not in self.fields)
        said = "Nothing is saved yet. Enter has it checked, and shows whose it is."
        self.status(said + (f" Not declared here, so left out: {left}." if left else ""), Status.OK)

    def action_demo(self) -> None:
        """Fill in the demo's values."""
        for entry in self._entries():
            value = self.sitting.demo_value(entry.name or "")
            if value is not None:
                entry.put(value)
        self.status("The demo's values are filled in. Enter has them checked.")

    def action_page(self, pages: int) -> None:
        """Read on, or back."""
        area = self.query_one("#form", VerticalScroll)
        area.scroll_relative(y=pages * max(area.size.height - 2, 1), animate=False)

    def action_skip(self) -> None:
        """Put it off for good."""
        self.post_message(PutOff(self.owed, for_good=True))

    def action_later(self) -> None:
        """Put it off for this sitting."""
        self.post_message(PutOff(self.owed, for_good=False))

    def action_look(self) -> None:
        """Look again: the value may have come from elsewhere."""
        self.post_message(Done(self.owed))

    def action_stop(self) -> None:
        """Stop asking."""
        self.workers.cancel_node(self)
        self._judge(None)
        self.status("Stopped. Nothing was saved.")

    def unsaved(self) -> str:
        """Typed values are lost with the app."""
        typed = [entry for entry in self._entries() if isinstance(entry, SecretField) and entry.filled]
        return "What you typed here is not saved yet. Leave without it?" if typed else ""

    def failed(self, error: OnboardError) -> None:
        """Say what went wrong; what was typed is still there."""
        self._judge(None)
        super().failed(error)
