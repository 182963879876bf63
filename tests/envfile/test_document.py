"""A document keeps every byte that is not the value being edited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.envfile import scan
from onboard.envfile.document import EnvFile
from onboard.envfile.readers import READERS
from onboard.envfile.write import changes_between
from onboard.errors import EnvFileError
from tests.envfile.conftest import SEARCH


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (b"V=old\n", "'new'", b"V='new'\n"),
        (b"V=old", "new", b"V=new"),
        (b"  export V = old  # why\n", "new", b"  export V = new  # why\n"),
        (b"V='old' # it's\n", "new", b"V=new # it's\n"),
        (b"V= # hint\n", "x", b"V=x # hint\n"),
        (b"V=\n", "x", b"V=x\n"),
        (b"V=a#b\n", "x", b"V=x\n"),
        (b"V=a\r\nB=2\r\n", "x", b"V=x\r\nB=2\r\n"),
        (b"V='one\ntwo' # c\nB=2\n", "x", b"V=x # c\nB=2\n"),
        (b"V=1\nB=2\nV=3\n", "x", b"V=1\nB=2\nV=x\n"),
        (b'V="a\\"b" # c\n', "x", b"V=x # c\n"),
        (b"\xef\xbb\xbfV=1\nB=2\n", "x", b"V=x\nB=2\n"),
        (b"A=1\n# V=sample\nB=2\n", "x", b"A=1\nV=x\nB=2\n"),
        (b"A=1\n  #export V = sample\nB=2\n", "x", b"A=1\n  V=x\nB=2\n"),
        (b"A='\n# V=\n'\n", "x", b"A='\n# V=\n'\n\nV=x\n"),
        (b"A=1", "x", b"A=1\n\nV=x\n"),
        (b"A=1\r\n", "x", b"A=1\r\n\r\nV=x\r\n"),
        (b"", "x", b"V=x\n"),
        (b"A=1\n\n", "x", b"A=1\n\nV=x\n"),
        (b"# only words\n", "x", b"# only words\n\nV=x\n"),
        (b"not an assignment\n<<<<<<<\nA=1\n", "x", b"not an assignment\n<<<<<<<\nA=1\n\nV=x\n"),
    ],
)
def test_only_the_value_is_replaced(before: bytes, text: str, after: bytes) -> None:
    assert EnvFile.parse(before).set("V", text).data == after


def test_a_new_name_goes_where_the_template_has_it() -> None:
    file = EnvFile.parse(b"# top\nA=1\nC='3\n3' # c\nZ=9\n")
    order = ("A", "B", "C", "D", "Z")
    assert file.set("B", "2", order=order).data == b"# top\nA=1\nB=2\nC='3\n3' # c\nZ=9\n"
    assert file.set("D", "4", order=order).data == b"# top\nA=1\nC='3\n3' # c\nD=4\nZ=9\n"
    assert EnvFile.parse(b"A=1").set("B", "2", order=order).data == b"A=1\nB=2"


def test_unset_removes_every_assignment_so_that_no_older_value_comes_back() -> None:
    file = EnvFile.parse(b"A=1\nV=1\n# V=\nexport V='2\n2'\nB=2\nV=3")
    assert file.unset("V").data == b"A=1\n# V=\nB=2\n"
    assert file.unset("NOT_THERE") == file


def test_what_a_file_says_is_told_by_name_and_line() -> None:
    file = EnvFile.parse(b"A=1\nB=\"x\\ny\"\nA='2' # c\n\nC=`z`\n")
    assert file.names() == ("A", "B", "C")
    assert {name: value.reveal() for name in file.names() if (value := file.get(name))} == {
        "A": "2",
        "B": "x\ny",
        "C": "z",
    }
    assert file.get("NOT_THERE") is None
    assert (file.line_of("A"), file.line_of("B"), file.line_of("NOT_THERE")) == (3, 2, None)
    assert file.duplicates() == {"A": (1, 3)}
    assert file.troubles() == ()


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b'A=1\nV="open\nB=2\n', 2, scan.UNCLOSED),
        (b"A=1\nV='open\nB='x'\n", 2, scan.AFTER_QUOTE),
        (b'V="x"y\n', 1, scan.AFTER_QUOTE),
        (b"V='x\\'\nB=1\n", 1, scan.UNCLOSED),
        (b'V="x"\ny"\n', 2, None),
        (b"V=`a\nb`\n", 1, scan.ENDS_DIFFER),
        (b"V: 1\n", 1, scan.YAML_STYLE),
        (b"V=\n\n'x'\n", 3, scan.STRAY_QUOTE),
        (b"A=1\nV\n\n =x\n", 4, scan.STRAY_EQUALS),
        (b"V=1\rB=2\n", 1, scan.LONE_CR),
        (b"A=1\nV=caf\xe9\n", 2, scan.NOT_UTF8),
        ("V=1\n".encode("utf-16"), 1, scan.UTF16),
        (b"A=1\nV=a\0b\n", 2, scan.NUL),
    ],
)
def test_a_place_on_which_readers_disagree_is_not_edited_and_named(data: bytes, line: int, reason: str | None) -> None:
    file = EnvFile.parse(data)
    if reason is None:
        assert file.troubles() == ()
        return
    assert (line, reason) in {(trouble.line, trouble.reason) for trouble in file.troubles()}
    if file.line_of("V") is None:
        return
    with pytest.raises(EnvFileError, match=reason.replace(":", ".").replace("(", ".").replace(")", ".")) as caught:
        file.set("V", "x")
    assert f"line {line}" in (caught.value.message + caught.value.hint).lower()


def test_far_from_a_trouble_editing_goes_on() -> None:
    file = EnvFile.parse(b'A="open\nB=2\nC=3\n')
    assert file.set("C", "4").data == b'A="open\nB=2\nC=4\n'


_LINE = st.one_of(
    st.sampled_from(["A=1", "B='x y'", 'C="q" # c', "# note", "", "D='a\nb'", "export E=5", "words", "A=2", "# N=1"]),
    st.text(st.sampled_from("AB='\"`\\# $\t:x\n"), max_size=12),
)
_FILE = st.tuples(st.lists(_LINE, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans()).map(
    lambda parts: (
        (b"\xef\xbb\xbf" if parts[3] else b"") + (parts[1].join(parts[0]) + (parts[1] if parts[2] else "")).encode()
    )
)
_EDIT = st.tuples(st.sampled_from(["A", "C", "N", "X"]), st.sampled_from(["", "1", "'a b'", '"x\ny"', None]))


@settings(SEARCH, max_examples=500)
@given(_FILE, st.lists(_EDIT, max_size=4))
def test_edits_and_their_inverse_give_the_same_bytes(data: bytes, edits: list[tuple[str, str | None]]) -> None:
    file = EnvFile.parse(data)
    for name, text in edits:
        try:
            splices = file.splices_to_unset(name) if text is None else [file.splice_to_set(name, text)]
        except EnvFileError:
            continue
        edited = file.apply(splices)
        back = changes_between(edited, file)
        rebuilt = edited.data
        for one in back:
            rebuilt = rebuilt[: one.start] + one.new + rebuilt[one.start + len(one.old) :]
        assert rebuilt == file.data
        file = edited


@settings(SEARCH, max_examples=500)
@given(_FILE, st.sampled_from(["A", "C", "N", "X"]))
def test_statements_that_are_not_edited_stay_byte_for_byte(data: bytes, name: str) -> None:
    file = EnvFile.parse(data)
    try:
        edited = file.set(name, "'new'")
    except EnvFileError:
        return
    for other in set(file.names()) - {name}:
        assert edited.text_of(other) == file.text_of(other)
    assert edited.text_of(name) == "'new'"
    bare = data.removeprefix(b"\xef\xbb\xbf")
    kept = [line for line in bare.split(b"\n") if line.rstrip(b"\r") in edited.data]
    assert len(kept) >= len(bare.split(b"\n")) - 3


@settings(SEARCH, max_examples=400)
@given(st.lists(st.sampled_from(["A=1", "B='x y'", 'C="q"', "# note", "", "D=a/b:c@d", "E=", "A=2"]), max_size=8))
def test_the_fast_path_reads_what_every_model_reads(lines: list[str]) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    fast = scan.plain_values(data)
    assert fast is not None
    for reader in READERS.values():
        if reader.id == "docker-run":
            continue
        assert reader.read(data) == fast, reader.id


@settings(SEARCH, max_examples=500)
@given(_FILE)
def test_the_fast_path_says_nothing_where_a_model_would_say_otherwise(data: bytes) -> None:
    fast = scan.plain_values(data)
    if fast is None:
        return
    for id in ("next", "vite", "node22", "node20", "dotenv", "dotenvx", "python-dotenv", "bash"):
        if id == "bash" and b"\r" in data:
            continue  # said in its docstring
        reading = READERS[id].read(data)
        assert reading == fast or not isinstance(reading, Mapping), id


@settings(SEARCH, max_examples=500)
@given(_FILE)
def test_without_troubles_the_scan_finds_the_names_that_dotenv_finds(data: bytes) -> None:
    file = EnvFile.parse(data)
    if file.troubles():
        return
    reading = READERS["dotenv"].read(data)
    assert isinstance(reading, Mapping)
    assert set(file.names()) == set(reading)
    assert {name: value.reveal() for name in file.names() if (value := file.get(name))} == {
        name: value for name, value in reading.items() if value
    }


def test_the_scan_imports_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import onboard.envfile.scan as s; "
        "s.plain_values(b'A=1'); s.scan(b'A=\"x'); "
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith('onboard')))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("['__future__']", "[]")


def test_no_repr_shows_a_value() -> None:
    file = EnvFile.parse(b"A=canary\n")
    assert "canary" not in repr(file) + repr(file.splice_to_set("A", "canary2")) + repr(file.get("A"))
