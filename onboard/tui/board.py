"""The board: everything that was looked at, each variable with its place and age, and what is still owed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from onboard.model import Ask, Finding, Kind, Status
from onboard.plan import Owed, Stage, stage_of
from onboard.tui import drift, text
from onboard.tui.frame import Frame
from onboard.tui.messages import Full, Live, Look, Onward, Rotate, Stay, Take
from onboard.tui.parts import MOVES, Stages
from onboard.tui.sitting import Sitting

if TYPE_CHECKING:
    from onboard.matrix import Line


class Rows(OptionList):
    """The rows of the board."""

    BINDINGS: ClassVar[list[BindingType]] = MOVES

    def __init__(self) -> None:
        super().__init__(id="rows", markup=False, compact=True)


class BoardScreen(Frame):
    """Everything at a glance."""

    ABOUT: ClassVar[str] = (
        "Everything onboard looked at: ✓ fine, ! could be better, ✗ owed, ? could not tell, – not looked at. Enter on "
        "a row shows what was seen and what ends it; `s` does that step. `v` changes to the drift board: each "
        "variable against each place where it could stand. `c` changes the credential of a row for a new one. `n` goes "
        "to the next step that is owed, `u` asks again for what was skipped."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next", "Next step", id="next"),
        Binding("r,f5", "look", "Look again", id="look"),
        Binding("v", "view", "Drift board", id="view"),
        Binding("s", "step", "Its step", id="step"),
        Binding("slash,ctrl+f", "filter", "Filter", id="filter", priority=True),  # what is typed behind it is text
        Binding("d", "live('dev')", "Run the app", id="dev"),
        Binding("e", "live('listen')", "Listeners", id="listen"),
        Binding("c", "rotate", "Rotate", id="rotate"),
        Binding("u", "unskip", "Ask for what was skipped", id="unskip", show=False),
        Binding("escape", "back", "Back", id="back", show=False),
    ]

    def __init__(self, sitting: Sitting, *, only: Stage | None = None) -> None:
        super().__init__(sitting, only)
        self._only = only
        self._variables = False
        self.stale = False
        """What is drawn is not what is so; it will be in a moment."""

    def body(self) -> ComposeResult:
        """Lay out the summary, the filter and the rows."""
        yield Static(self._summary(), id="title", markup=False)
        yield Input(id="filter", compact=True, placeholder="filter by name, service or word · Esc ends it")
        yield Rows()

    def on_mount(self) -> None:
        """Show what is known; more comes as it lands."""
        super().on_mount()
        self.query_one("#filter").display = False
        self.draw()
        self.set_focus(self.query_one(Rows))

    def tell(self) -> None:
        """Draw soon: a hundred findings that land together are drawn once."""
        super().tell()
        if self.is_mounted and not self.stale:
            self.stale = True
            self.set_timer(0.05, self.draw)

    def on_resize(self) -> None:
        """Draw for the new width."""
        super().on_resize()
        self.tell()

    def draw(self) -> None:
        """Draw the rows that the stage and the filter leave."""
        self.stale = False
        rows = self.query_one(Rows)
        wanted = self.query_one("#filter", Input).value.strip().casefold()
        self.query_one("#title", Static).update(self._summary())
        kept = rows.highlighted_option.id if rows.highlighted_option else None
        width = max(rows.size.width - 2, 20)
        options = self._variable_rows(wanted, width) if self._variables else self._finding_rows(wanted, width)
        rows.clear_options()
        rows.add_options(
            options or [Option(text.line("Nothing matches." if wanted else "", text.QUIET), disabled=True)]
        )
        places = {option.id: n for n, option in enumerate(options) if option.id is not None}
        if places:
            rows.highlighted = places.get(kept or "", min(places.values()))

    def _finding_rows(self, wanted: str, width: int) -> list[Option]:
        options: list[Option] = []
        previous: Stage | None = None
        for finding in self._findings():
            if wanted not in f"{finding.id} {finding.title} {finding.summary}".casefold():
                continue
            stage = stage_of(finding.id)
            if stage is not previous:
                options.append(Option(text.line(stage.value, text.QUIET), disabled=True))
                previous = stage
            options.append(Option(self._finding(finding, width), finding.id))
        return options

    def _variable_rows(self, wanted: str, width: int) -> list[Option]:
        board = self.sitting.session.matrix()
        ages = {row.name: self._age(row.set_at) for row in self.sitting.session.rows()}
        lines = [line for line in board.lines if wanted in f"{line.name} {line.provider or ''}".casefold()]
        if not lines:
            return []
        heads = [*drift.legend(width), drift.head(board, width)]
        return [
            *(Option(one, disabled=True) for one in heads),
            *(Option(drift.row(board, line, ages.get(line.name, "–"), width), _id(line)) for line in lines),
        ]

    def _findings(self) -> list[Finding]:
        found = list(self.sitting.session.findings.values())
        order = {stage: n for n, stage in enumerate(Stage)}
        weight = {status: n for n, status in enumerate((Status.FAIL, Status.UNKNOWN, Status.WARN))}
        found = [finding for finding in found if self._only is None or stage_of(finding.id) is self._only]
        return sorted(found, key=lambda f: (order[stage_of(f.id)], weight.get(f.status, 9)))

    def _summary(self) -> Content:
        if self.sitting.looking:
            so_far = f"{self.sitting.landed} of {max(self.sitting.session.expected, self.sitting.landed)}"
            looking = text.line(f"Looking at {self.sitting.looking} …", text.STRONG)
            return text.join(looking, text.line(so_far if self.sitting.landed else "", text.QUIET))
        owed = self.sitting.session.plan()
        where = f" ({self._only.value} only; Esc shows all)" if self._only else ""
        first = self.sitting.next() or (owed[0] if owed else None)
        if not self.sitting.session.findings:
            said = text.line("Nothing was looked at yet.", text.STRONG)
        elif first is None:
            run = "Next (d): run the app" if self.check_action("live", ("dev",)) else "Nothing is owed."
            said = text.join(text.sign(Status.OK), text.line("All is well.", text.STRONG), text.line(run))
        else:
            steps = "1 step is owed" if len(owed) == 1 else f"{len(owed)} steps are owed"
            said = text.join(text.line(f"{steps}.", text.STRONG), text.line(f"Next (n): {first.step.text}"))
        return said + text.say(where, text.QUIET)

    def _finding(self, finding: Finding, width: int) -> Content:
        name = min(34, max(14, width * 2 // 5))
        title = text.fit(finding.title, name).ljust(name)
        return text.join(
            Content(" ") + text.sign(finding.status),
            text.say(title),
            text.line(text.cut(finding.summary, max(width - name - 5, 8)), text.QUIET),
        )

    def _age(self, set_at: str | None) -> str:
        """Return how long ago a value was entered, in days; a dash where that is not known."""
        try:
            when = datetime.fromisoformat(set_at or "")
            days = (self.sitting.session.machine.now() - when).days
        except (ValueError, TypeError):
            return "–"
        return "today" if days < 1 else f"{days} d"

    @on(OptionList.OptionSelected, "#rows")
    def selected(self, event: OptionList.OptionSelected) -> None:
        """Show the finding in full."""
        event.stop()
        finding = self._at(event.option_id)
        if finding is not None:
            self.post_message(Full(finding))

    def _at(self, option: str | None) -> Finding | None:
        """Return the finding of a row: of a variable's, the worst that was found about it."""
        return self.sitting.session.findings.get((option or "").rpartition(" ")[2])

    def on_stages_chosen(self, event: Stages.Chosen) -> None:
        """Show one stage only."""
        event.stop()
        self.only(event.stage)

    def only(self, stage: Stage | None) -> None:
        """Show one stage, or all."""
        self._only = self.stage = stage
        self._variables = False
        self.remove_class("-drift")
        self.call_after_refresh(self.draw)
        self.query_one(Stages).show(self.sitting.session.stages(), stage)
        self.set_focus(self.query_one(Rows))

    def on_key(self) -> None:
        """Somebody is reading: do not move on by itself."""
        self.post_message(Stay())

    @on(Input.Changed, "#filter")
    def filtered(self, event: Input.Changed) -> None:
        """Leave the rows that match."""
        event.stop()
        self.draw()

    @on(Input.Submitted, "#filter")
    def through(self, event: Input.Submitted) -> None:
        """Go from the filter to the rows."""
        event.stop()
        self.set_focus(self.query_one(Rows))

    def action_filter(self) -> None:
        """Type what to look for."""
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)

    def action_view(self) -> None:
        """Change between findings and variables."""
        self._variables = not self._variables
        self.set_class(self._variables, "-drift")
        self.call_after_refresh(self.draw)  # the board gets the stages' room where there is little

    def action_next(self) -> None:
        """Go to the next step."""
        self.post_message(Onward())

    def action_step(self) -> None:
        """Do what ends the finding of the highlighted row."""
        option = self.query_one(Rows).highlighted_option
        finding = self._at(option.id) if option else None
        owed = owed_for(self.sitting, finding) if finding else None
        if owed is not None:
            self.post_message(Take(owed))

    def action_rotate(self) -> None:
        """Change the credential that the highlighted row is about."""
        option = self.query_one(Rows).highlighted_option
        id = (option.id if option else None) or ""
        finding = self._at(id)
        subject = id.partition(" ")[0] if self._variables else rotatable(self.sitting, finding)
        if subject:
            self.post_message(Rotate(subject))
        else:
            self.status("This row is about no credential. Those of variables and services can be rotated.")

    def action_unskip(self) -> None:
        """Ask again for everything that was put off for good."""
        self.sitting.session.unskip()
        self.post_message(Look())

    def action_look(self) -> None:
        """Look at everything again."""
        self.post_message(Look())

    def action_live(self, what: Literal["listen", "dev"]) -> None:
        """Go to what runs: the listeners, or the app with them."""
        self.post_message(Live(what))

    def action_back(self) -> None:
        """Take the filter away, then the stage."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = False
            self.set_focus(self.query_one(Rows))
            self.draw()
        elif self._only is not None:
            self.only(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible here and now."""
        match action:
            case "filter":
                return not isinstance(self.focused, Input)
            case "next":
                return bool(self.sitting.session.plan())
            case "unskip":
                return bool(self.sitting.session.skipped)
            case "live":
                if parameters == ("dev",):
                    return any(id.startswith("port.") for id in self.sitting.session.findings)
                return any(id.startswith("webhook.") for id in self.sitting.session.findings)
        return True


def _id(line: Line) -> str:
    return f"{line.name} {line.finding or ''}"


def rotatable(sitting: Sitting, finding: Finding | None) -> str:
    """Return the variable, or else the service, whose credential a finding is about; empty: none."""
    if finding is None:
        return ""
    if finding.variable is not None:
        secret = any(v.name == finding.variable and v.kind is Kind.SECRET for v in sitting.session.variables)
        return finding.variable if secret else ""
    return finding.provider or "" if finding.id.partition(".")[0] in ("live", "pair", "mode") else ""


def is_held(sitting: Sitting, name: str) -> bool:
    """Whether a variable has a value that is fine, so that it can be rotated."""
    return any(row.name == name and row.state == "ok" for row in sitting.session.rows())


def owed_for(sitting: Sitting, finding: Finding) -> Owed | None:
    """Return the step that ends a finding, or that enters the values of its service; `None`: there is none."""
    owed = next((owed for owed in sitting.session.plan() if finding.id in owed.findings), None)
    if owed is not None or finding.variable is None:
        return owed
    declared = {variable.name: variable for variable in sitting.session.variables}
    one = declared.get(finding.variable)
    if one is None:
        return None
    mates = [v.name for v in declared.values() if v.provider is not None and v.provider == one.provider]
    step = Ask(f"Enter {finding.variable}", tuple(mates) or (one.name,), one.link)
    return Owed(step, finding, stage_of(finding.id), (finding.id,))
