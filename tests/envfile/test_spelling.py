"""What is written is what every reader of the project reads back, or it is warned of or refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onboard.envfile import names
from onboard.envfile.document import EnvFile
from onboard.envfile.readers import READERS, Refuses, shell
from onboard.envfile.spelling import spell
from onboard.envfile.write import Written, write
from onboard.errors import EnvFileError
from onboard.model import Secret
from tests.envfile.conftest import SEARCH
from tests.envfile.real_readers import ENVIRON, RealReaders

AROUND = b"# top\nBEFORE=1\n\nexport PEM='one\ntwo'\nAFTER=\"x y\" # hint\n"

PROJECTS = [
    ("next",),
    ("next", "node22", "dotenv", "python-dotenv", "compose"),
    ("node22", "dotenv", "compose"),
    ("bun",),
    ("vite", "dotenvx"),
    ("python-dotenv", "compose", "bash"),
    ("bash",),
    ("node20",),
]


@pytest.mark.parametrize("readers", PROJECTS, ids="+".join)
def test_every_shared_value_is_read_back_by_the_real_readers_or_named(
    readers: Sequence[str], real: RealReaders, values: Mapping[str, str]
) -> None:
    written = {key: _write(AROUND, value, readers) for key, value in values.items() if len(value) < 100_000}
    refused = [key for key, one in written.items() if one.refused]
    assert len(refused) <= 8, refused
    told = {key: one for key, one in written.items() if not one.refused}
    before = {reader: real.read(reader, AROUND) for reader in readers}
    for reader in readers:
        outcomes = real.read_many(reader, [one.file.data for one in told.values()])
        for (key, one), outcome in zip(told.items(), outcomes, strict=True):
            warned = any(READERS[reader].title in warning for warning in one.warnings)
            assert outcome is not None, f"{reader} refuses the file with {key}"
            assert outcome.get("V") == values[key] or warned, f"{reader} misreads {key} and nobody says so"
            old = before[reader]
            assert old is not None
            outcome.pop("V", None)
            assert outcome == old, f"{reader} reads another variable differently because of {key}"
        assert not any(READERS[readers[0]].title in warning for one in told.values() for warning in one.warnings)


_VALUES = st.text(
    alphabet=st.one_of(
        st.sampled_from("'\"`\\$#{}() \n\r\t=:;&|-~abAB5é\u2028\ufeff"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=30,
)
_LINES = st.lists(
    st.sampled_from(
        [
            "A=1", "B='two'", 'C="three"', "export D=4", "# note", "", "E=x # hint", "F=", "G='a\nb'", "V=old",
            "V='older' # kept", "# V=", "H=$A", "I= # hint", "J='it\"s'",
        ]
    ),
    max_size=8,
)  # fmt: skip


@pytest.mark.long
@settings(SEARCH, max_examples=300)
@given(_VALUES, _LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from(PROJECTS))
@example("$HOME", [], "\n", True, ("next",))
@example("'\"`", ["V=old"], "\n", True, ("next",))
def test_any_text_in_any_file_is_read_back_by_the_real_readers_or_named(
    real: RealReaders, value: str, lines: list[str], ending: str, final: bool, readers: Sequence[str]
) -> None:
    data = (ending.join(lines) + (ending if final and lines else "")).encode()
    one = _write(data, value, readers)
    if one.refused:
        assert one.file.data == data
        assert "V" in one.refused
        return
    for reader in readers:
        if reader == "bash" and isinstance(READERS["bash"].read(one.file.data), Refuses):
            assert any("bash" in warning for warning in one.warnings)
            continue
        before, after = real.read(reader, data), real.read(reader, one.file.data)
        warned = any(READERS[reader].title in warning for warning in one.warnings)
        if after is None:
            assert before is None, f"{reader} refuses a file that it read before"
            assert warned
            continue
        assert after.pop("V", None) == value or warned
        if before is not None:
            before.pop("V", None)
            assert after == before


@settings(SEARCH, max_examples=300)
@given(_VALUES)
def test_no_spelling_of_a_value_runs_in_a_shell(value: str) -> None:
    for readers in PROJECTS:
        try:
            text = spell("V", value, readers, EnvFile(AROUND), ("BEFORE", "V")).text
        except EnvFileError:
            continue
        assert not text.startswith("`")
        data = EnvFile(AROUND).set("V", text, order=("BEFORE", "V")).data
        assert not shell.runs(data[data.index(b"V=") :].decode())


def test_a_value_that_no_common_spelling_carries_is_written_for_the_reader_that_runs_the_app() -> None:
    one = _write(AROUND, "pa$word", ("next", "node22", "python-dotenv"))
    assert isinstance(reading := READERS["next"].read(one.file.data), Mapping)
    assert reading["V"] == "pa$word"
    assert one.warnings == (
        "V: node --env-file (22 and later) keeps a backslash before each `$`",
        "V: python-dotenv keeps a backslash before each `$`",
    )
    other = _write(AROUND, "pa$word", ("node22", "next"))
    assert isinstance(reading := READERS["node22"].read(other.file.data), Mapping)
    assert reading["V"] == "pa$word"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A B", "x"),
        ("1A", "x"),
        ("", "x"),
        ("Ä", "x"),
        ("A=B", "x"),
        ("A\nB", "x"),
        ("V", "a\0b"),
        ("V", "\ud83d"),
        ("NODE_OPTIONS", "--require ./x.js"),
        ("LD_PRELOAD", "./x.so"),
        ("PATH", "."),
        ("Path", "."),
        ("npm_config_script_shell", "./x"),
        ("BASH_ENV", "./x"),
    ],
)
def test_what_nobody_may_carry_is_refused_by_name(name: str, value: str) -> None:
    assert names.refusal(name, value)
    written = write(EnvFile(AROUND), {name: Secret(value), "OK": Secret("1")}, ["next"])
    assert set(written.refused) == {name}
    assert written.changed == ("OK",)
    assert value not in "".join(written.refused.values()) or len(value) < 2


def test_a_newline_in_a_value_never_becomes_a_second_variable(real: RealReaders) -> None:
    one = _write(b"", "a\nNODE_OPTIONS=--require ./x.js", ("next", "node22", "dotenv"))
    for reader in ("next", "node22", "dotenv"):
        assert real.read(reader, one.file.data) == {"V": "a\nNODE_OPTIONS=--require ./x.js"}


def test_a_value_made_from_a_changed_one_is_reported_not_refused() -> None:
    data = b"PASS=old\nURL=postgres://me:${PASS}@h/db\n"
    written = write(EnvFile(data), {"PASS": Secret("new")}, ["next"])
    assert written.file.data == data.replace(b"old", b"new")
    assert written.warnings == ("URL is made from a changed variable, so it changes with it for Next.js",)


def test_a_file_that_a_reader_refuses_anyway_is_said_by_its_line() -> None:
    written = write(EnvFile(b"A=1\nB C=2\n"), {"V": Secret("x")}, ["next", "compose"])
    assert written.changed == ("V",)
    assert any(warning.startswith("Docker Compose refuses this file at line 2") for warning in written.warnings)


def test_a_file_with_windows_line_ends_keeps_them_and_only_shells_are_warned_of() -> None:
    data = b"A=1\r\nB='2'\r\n"
    one = write(EnvFile(data), {"A": Secret("it is")}, ["next", "compose", "bash"])
    assert one.file.data == b"A='it is'\r\nB='2'\r\n"
    assert one.warnings == ("A: bash keeps the carriage return that ends the line",)
    two = write(EnvFile(data), {"V": Secret("x y")}, ["next", "compose"])
    assert two.file.data == b"A=1\r\nB='2'\r\n\r\nV='x y'\r\n"
    assert not two.refused
    assert not two.warnings


def test_a_name_that_a_reader_would_still_see_is_not_called_removed() -> None:
    one = write(EnvFile(b"A: 1\nB=2\n"), {"A": None}, ["next"])
    assert "still read A" in one.refused["A"]


def test_a_reader_without_a_model_is_never_promised_anything() -> None:
    assert "no model of perl" in " ".join(_write(AROUND, "x", ("perl",)).warnings)
    assert not _write(b"V=x\n", "x", ("perl",)).warnings


def test_a_value_too_long_for_an_environment_is_warned_of() -> None:
    assert "128 KiB" in " ".join(_write(b"", "x" * 131_070, ("next",)).warnings)
    assert not _write(b"", "x" * 131_069, ("next",)).warnings


def test_writing_what_is_there_already_changes_nothing() -> None:
    data = b'V="it\'s" # mine\n'
    written = write(EnvFile(data), {"V": Secret("it's"), "GONE": None}, ["next", "node22"])
    assert written.file.data == data
    assert not written.changed


def test_no_warning_or_refusal_or_repr_holds_a_value() -> None:
    canary = "canary$" + "Q7x'\"`#\n\\"
    for readers in PROJECTS:
        written = _write(AROUND, canary, readers)
        told = repr(written) + " ".join(written.warnings) + " ".join(written.refused.values())
        assert "canary" not in told
        assert "Q7x" not in told


def test_the_real_reader_sees_nothing_of_the_environment_in_a_written_value(real: RealReaders) -> None:
    one = _write(b"", "${HOME}/$USER", ("next",))
    outcome = real.read("next", one.file.data, ENVIRON)
    assert outcome == {"V": "${HOME}/$USER"}


def _write(data: bytes, value: str, readers: Sequence[str]) -> Written:
    return write(EnvFile.parse(data), {"V": Secret(value)}, readers)
