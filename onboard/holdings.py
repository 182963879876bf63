"""The values that a project holds, in its env file and in the vault: read together, written in one commit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.checks._base import View
from onboard.checks.drift import old_defaults
from onboard.envfile import ignore
from onboard.envfile.document import EnvFile
from onboard.envfile.names import refusal
from onboard.envfile.order import after, before
from onboard.envfile.readers import READERS, Reader
from onboard.envfile.scan import plain_values
from onboard.errors import EnvFileError, VaultError
from onboard.model import Kind, Need, Secret, Variable
from onboard.project import App, Project
from onboard.project.files import Tree
from onboard.project.samples import reference

if TYPE_CHECKING:
    from onboard.choices import Choices
    from onboard.envfile.save import Undo
    from onboard.envfile.write import Written
    from onboard.machine import Machine
    from onboard.vault import Entry

UNDO, BEFORE = "@undo", "@before"
"""Where the vault keeps what takes the last write back, of the file and of itself; no variable has such a name."""

LARGEST = 64 << 20
"""Bytes; a larger env file is read by nobody."""


def reader_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """Return the readers that we have models of, the one that runs the app first; dotenv where none is known."""
    spelled = ("node22" if id == "node" else id for id in ids)
    return tuple(dict.fromkeys(id for id in spelled if id in READERS)) or ("dotenv",)


def main_reader(ids: Sequence[str]) -> Reader:
    """Return the model of the reader that runs the app."""
    return READERS[reader_ids(ids)[0]]


def parse(data: bytes, readers: Sequence[str]) -> dict[str, Secret]:
    """Return the values of an env file as the first of `readers` reads them."""
    plain = None if b"\r" in data else plain_values(data)
    if plain is not None:
        return {name: Secret(value) for name, value in plain.items()}
    reading = main_reader(readers).read(data)
    if isinstance(reading, Mapping):
        return {name: Secret(value) for name, value in reading.items()}
    env = EnvFile.parse(data)
    return {name: value for name in env.names() if (value := env.get(name)) is not None}


class Holdings:
    """The places of one project's values."""

    def __init__(self, machine: Machine, project: Project) -> None:
        self._machine = machine
        self._project = project
        app = project.app
        self.path = Path(project.root) / app.dir / Path(app.env_file).name
        """Where the app's env file is or would be."""
        self._root = Path(project.root)
        self._undo: Undo | None = None
        self.apart: Callable[[str], bool] = lambda name: False
        """Whether the value of a name rests in the vault alone, as the person chose."""

    def sweep(self) -> None:
        """Remove what an onboard that was killed left beside the env file."""
        from onboard.envfile.place import sweep

        sweep(self.path.parent)

    def read(self) -> EnvFile | None:
        """Return the env file as it is; `None`: there is none. Raises EnvFileError where it cannot be read."""
        data = _bytes(self.path)
        return None if data is None else EnvFile.parse(data)

    def values(self, env: EnvFile | None, readers: Sequence[str] = ()) -> Mapping[str, Secret]:
        """Return what the app reads: the file through its main reader, or plainly where that one stops at it."""
        return {} if env is None else parse(env.data, readers or self._project.app.readers)

    def nearer(self, values: Mapping[str, Secret], readers: Sequence[str]) -> Mapping[str, str]:
        """Return the names that another env file sets otherwise and that win over ours in the reader's own order."""
        found: dict[str, str] = {}
        for path in self._before(readers):
            data = _bytes(path)
            if data is not None:
                for variable, value in parse(data, readers).items():
                    if variable in values and value != values[variable]:
                        found.setdefault(variable, path.name)
        return found

    def farther(
        self, values: Mapping[str, Secret], readers: Sequence[str], variables: Iterable[Variable]
    ) -> Mapping[str, tuple[str, Secret]]:
        """Return what ours has no value for and an env file after it gives the app, with that file; no placeholder."""
        samples = {variable.name: variable.sample for variable in variables if variable.placeholder}
        found: dict[str, tuple[str, Secret]] = {}
        for path in self._after(readers):
            data = _bytes(path)
            for name, value in parse(data, readers).items() if data is not None else ():
                real = value and value.reveal() != samples.get(name) and not reference(value.reveal())
                if real and not values.get(name):
                    found.setdefault(name, (path.name, value))
        return found

    def beside(self) -> Mapping[str, Mapping[str, Secret]]:
        """Return the env files of the repository's other apps, by path relative to the root."""
        found: dict[str, Mapping[str, Secret]] = {}
        for app, path in self._others():
            data = _bytes(path)
            if data is not None:
                found[path.relative_to(self._root).as_posix()] = parse(data, app.readers)
        return found

    def files(self) -> tuple[Path, ...]:
        """Return all env files that are looked at, whether they are there or not."""
        readers = self._project.app.readers
        return (self.path, *self._before(readers), *self._after(readers), *(path for _, path in self._others()))

    def _others(self) -> Iterator[tuple[App, Path]]:
        for app in self._project.apps:
            path = self._root / app.dir / Path(app.env_file).name
            if path != self.path:
                yield app, path

    def _before(self, readers: Sequence[str]) -> list[Path]:
        return [self.path.with_name(name) for name in before(readers, self.path.name)]

    def _after(self, readers: Sequence[str]) -> list[Path]:
        return [self.path.with_name(name) for name in after(readers, self.path.name)]

    async def put(
        self,
        values: Mapping[str, Secret | None],
        keep: Mapping[str, Secret],
        variables: Sequence[Variable],
        now: str,
        source: str = "typed",
    ) -> tuple[str, ...]:
        """Write `values` into the env file (`None` removes) and `keep` in the vault. Returns warnings.

        What was typed is kept whole, public values too: a second clone then asks for nothing.

        The vault first: what then breaks off leaves it ahead of the file, which `drift` and `env --write` mend.
        A vault that cannot be used never stops the file. Raises EnvFileError; the file is then as it was.
        What rests in the vault alone leaves the file; raises VaultError where the vault cannot take it.
        """
        from onboard.envfile.save import save
        from onboard.envfile.write import write
        from onboard.vault import Entry

        env = self.read()
        readers = reader_ids(self._project.app.readers)
        warnings: list[str] = []
        apart = {name: value for name, value in values.items() if value is not None and self.apart(name)}
        kept = {n: Entry(value, now, source=source, folder=str(self._root)) for n, value in {**keep, **apart}.items()}
        gone = [name for name, value in values.items() if value is None]
        if kept:
            # What no spelling can carry must not rest in the vault either: it would be owed for ever.
            spelled = {name: value for name, value in values.items() if name not in apart}
            _none_refused(write(env or EnvFile.parse(b""), spelled, readers))
        before = "{}"
        if kept or gone:
            before = await self._before_that([*kept, *gone])
            warnings += await self._keep(kept, gone)
        if apart and warnings:
            raise VaultError(
                f"{', '.join(apart)}: {warnings[0]}, and the env file is to hold no secret",
                "`onboard env --write --with-secrets` puts them into the env file again",
            )
        values = {name: None if name in apart else value for name, value in values.items()}
        saved = save(
            self.path,
            values,
            readers,
            root=self._root,
            base=env,
            order=[variable.name for variable in variables],
            start=self._start(variables) if env is None else b"",
        )
        if saved.undo is not None:
            self._undo = saved.undo
            notes = {UNDO: saved.undo.secret(), BEFORE: Secret(before)}
            await self._keep({n: Entry(v, now, source="undo", folder=str(self._root)) for n, v in notes.items()}, ())
        _none_refused(saved.written)
        return (*warnings, *saved.written.warnings, *saved.notes)

    async def _keep(self, kept: Mapping[str, Entry], gone: Sequence[str]) -> list[str]:
        try:
            await self._machine.vault.update(self._project.id, kept, gone)
        except VaultError as error:
            return [f"not kept in the keyring: {error.message}"] if UNDO not in kept else []
        return []

    async def stored(self) -> Mapping[str, Entry] | None:
        """Return what the vault holds for this project; `None`: it could not be read, `vault.backend` says why."""
        try:
            found = await self._machine.vault.get(self._project.id)
        except VaultError:
            return None
        return {name: entry for name, entry in found.items() if not name.startswith("@")}

    async def _before_that(self, names: Sequence[str]) -> str:
        """Return as JSON what the vault holds for `names`, and when it was set; `null` where it holds nothing."""
        found = await self.stored() or {}
        return json.dumps({n: [found[n].value.reveal(), found[n].set_at] if n in found else None for n in names})

    async def undo(self) -> tuple[str, ...]:
        """Take the last write back, the vault's values with it. Returns the names; empty: there is none."""
        from onboard.envfile.save import Undo, take_back

        try:
            noted = await self._machine.vault.get(self._project.id)
        except VaultError:
            noted = {}
        if UNDO in noted and noted[UNDO].folder != str(self._root):
            noted = {}
        undo = Undo.from_secret(noted[UNDO].value) if UNDO in noted else self._undo
        if undo is None:
            return ()
        take_back(self.path, undo, root=self._root)
        self._undo = None
        if UNDO in noted:
            await self._as_before(noted[BEFORE].value if BEFORE in noted else Secret("{}"))
        return undo.names or (self.path.name,)

    async def _as_before(self, before: Secret) -> None:
        """Give the vault back what it held before the write that was taken back."""
        from onboard.vault import Entry

        old = json.loads(before.reveal())
        kept = {
            n: Entry(Secret(had[0]), had[1], source="undo", folder=str(self._root)) for n, had in old.items() if had
        }
        await self._keep(kept, [UNDO, BEFORE, *(name for name, had in old.items() if not had)])

    def _start(self, variables: Sequence[Variable]) -> bytes:
        """Return what a new env file starts from: the template as it was approved, its placeholders commented out."""
        template = self._project.app.template
        if template is None:
            return b""
        data = Tree(self._root).data(template)
        if data is None:
            return b""
        env = EnvFile.parse(data)
        fit = (v for v in variables if v.ready is not None and refusal(v.name, v.ready) is None)
        later = self.farther({}, self._project.app.readers, variables)  # a default would hide what stands there
        ready = {v.name for v in fit if not self.apart(v.name) and v.name not in later}
        try:
            for name in env.names():
                if name not in ready:
                    env = _commented(env, name)
        except EnvFileError:
            return b""  # the template has a place that readers disagree on; nothing of it is copied
        return env.data if ready.issuperset(parse(env.data, self._project.app.readers)) else b""

    def narrow(self) -> None:
        """Make the env file readable by its owner alone. Raises EnvFileError."""
        try:
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                os.fchmod(handle, 0o600)
            finally:
                os.close(handle)
        except OSError as error:
            raise EnvFileError(f"{self.path.name}: the mode could not be set: {error.strerror}") from None

    def ignore(self) -> None:
        """Add the env file to the .gitignore beside it. Raises EnvFileError."""
        file = self.path.with_name(".gitignore")
        rule = ignore.offered_line(self.path.name)
        try:
            text = file.read_text("utf-8") if file.is_file() else ""
            if file.is_symlink():
                raise EnvFileError(f".gitignore is a link; add the line {rule} to it by hand")
            file.write_text(ignore.with_line(text, rule), "utf-8", newline="")
        except OSError as error:
            raise EnvFileError(f".gitignore could not be written: {error.strerror}") from None


def _none_refused(written: Written) -> None:
    for why in written.refused.values():
        raise EnvFileError(why)


def owed(view: View) -> dict[str, Secret]:
    """Return what the env file lacks or has otherwise and we know: the vault's values, the template's defaults."""
    found = {name: Secret(default) for name, default in old_defaults(view).items()}
    for variable in view.variables:
        present = view.values.get(variable.name)
        stored = (view.stored or {}).get(variable.name)
        untouched = present is None or (variable.placeholder and present.reveal() == variable.sample)
        wanted = not variable.commented and (variable.kind is Kind.PUBLIC or variable.need is Need.REQUIRED)
        if stored is not None and present != stored.value:
            found[variable.name] = stored.value
        elif variable.name in view.farther:
            continue  # the app has it from there
        elif untouched and wanted and variable.ready is not None and refusal(variable.name, variable.ready) is None:
            found[variable.name] = Secret(variable.ready)
    return found


def _commented(env: EnvFile, name: str) -> EnvFile:
    """Return the file with the assignment of `name` emptied and commented out: its value will stand in that place."""
    line = env.set(name, "").line_of(name)
    lines = env.set(name, "").data.split(b"\n")
    if line is not None:
        lines[line - 1] = b"# " + lines[line - 1].lstrip()
    return EnvFile.parse(b"\n".join(lines))


def view(
    machine: Machine,
    project: Project,
    variables: tuple[Variable, ...],
    holdings: Holdings,
    *,
    choices: Choices | None,
    skipped: frozenset[str] = frozenset(),
    stored: Mapping[str, Entry] | None = None,
) -> View:
    """Return what checks may see now: the env file as it is on disk."""
    env = holdings.read()
    values = holdings.values(env)
    made = View(
        project=project,
        app=project.app,
        variables=variables,
        machine=machine,
        env_path=holdings.path,
        env=env,
        values=values,
        nearer=holdings.nearer(values, project.app.readers),
        farther=holdings.farther(values, project.app.readers, variables),
        beside=holdings.beside(),
        stored=stored,
        choices=choices,
        skipped=skipped,
    )
    return with_stored(made, stored)


def with_stored(view: View, stored: Mapping[str, Entry] | None) -> View:
    """Return the view with what the vault holds; what rests there alone is among its values."""
    if stored is None or view.choices is None or not view.choices.without_secrets:
        return replace(view, stored=stored)
    values = {name: value for name, value in view.values.items() if name not in view.apart}
    here = replace(view, values=values).held()
    apart = {n: entry.value for n, entry in stored.items() if n not in here and view.is_secret(n)}
    return replace(view, stored=stored, values={**values, **apart}, apart=frozenset(apart))


def _bytes(path: Path) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvFileError(f"{path.name} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise EnvFileError(f"{path.name} is larger than {LARGEST >> 20} MiB")
    return data
