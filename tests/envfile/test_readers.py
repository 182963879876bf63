"""Each model reads what the real reader reads: a table of odd files, the shared values, and generated files."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from onboard.envfile.readers import READERS, CannotTell, Refuses, known, unpromised
from onboard.envfile.spelling import candidates
from tests.envfile.real_readers import ENVIRON, Outcome, RealReaders

REAL = {
    "next": "next",
    "vite": "vite",
    "node22": "node22",
    "node24": "node22",
    "node20": "node20",
    "dotenv": "dotenv",
    "dotenv-expand": "dotenv-expand",
    "dotenvx": "dotenvx",
    "bun": "bun",
    "python-dotenv": "python-dotenv",
    "compose": "compose",
    "docker-run": "docker-run",
    "bash": "bash",
}
"""Real reader to the model that stands for it."""

ODD = [
    b"",
    b"\n\n",
    b"A=1",
    b"A=1\r\nB='2'\r\nC=\"3\"\r\n",
    b"\xef\xbb\xbfA=1\nB=2\n",
    b"A=1\nA=2\n",
    b"export A=1\nexport  B=2\n",
    b"A = 1\nB= 2\nC =3\n",
    b"A: 1\nB:2\nC=3\n",
    b"A=x#c\nB=x #c\nC=x\t#c\n",
    b"I= # hint\nJ=#c\nK=\n",
    b'A="x\nB=2\n',
    b"A='x\nB=2\n",
    b'A="x"y\nB=2\n',
    b"A='it's'\nB=2\n",
    b"A=don't\nB=can't\n",
    b"A=\nB=1\n",
    b"E= \nF=1\n",
    b"\t\nA=1\nBARE\nB=2\n",
    b"[section]\nA=1\n<<<<<<< HEAD\nB=2\n",
    b"=x\nA=1\n",
    b"1A=x\nA.B=y\nA-B=z\n",
    b'A="one\ntwo\nthree"\nB=2\n',
    b"A='one\ntwo'\nB=2\n",
    b"A=`one\ntwo`\nB=2\n",
    b'A="a\\nb\\rc\\td"\nB="\\\\n"\n',
    b"P=x\nA=$P\nB='$P'\nC=\"$P\"\nD=${P}\nE=\\$P\n",
    b"V=$V\nA=1\n",
    b"A=$HOME costs 5$\nB=5$\nC=$ x\nD=$(\n",
    b"A=${NOPE:-d}\nB=${HOME:-d}\nC=${NOPE-d}\n",
    b"U=${PASS}!\nPASS=a\nW=${PASS}!\n",
    b"A=xx$B\nB=$&-$$-end\n",
    b"A=\n'quoted'\nB=2\n",
    "A=caf\u00e9\u2028x\nB=\u3000z\n".encode(),
    b"A=\"x\" # it's\nB='y'# c\nC=z\n",
    "A\u2028=1\nB\u2028\n\u2028C=2\nD=x\u00a0\n".encode(),
    b"A=${HOME$USER}\nB=${NOPE:-a\\}${HOME}}\nC=${NOPE:-${USER\nD=x\\$\nE=${}\n",
]


@pytest.mark.parametrize("reader", REAL)
def test_a_model_reads_odd_files_as_the_real_reader_does(reader: str, real: RealReaders) -> None:
    _same(reader, ODD, real)


# A container for each file: many spellings of one reader are for the long set, its odd files are read every day.
@pytest.mark.parametrize(
    "reader", [pytest.param(one, marks=pytest.mark.long) if one == "docker-run" else one for one in REAL]
)
def test_a_model_reads_every_spelling_of_every_shared_value_as_the_real_reader_does(
    reader: str, real: RealReaders, values: Mapping[str, str]
) -> None:
    slow = reader in ("vite", "bash", "bun", "docker-run")  # a file or a process for each
    files = [
        f"BEFORE=1\nV={text}\nAFTER='2'\n".encode()
        for value in values.values()
        if len(value) < 10_000 or not slow
        for text in dict.fromkeys(candidates(value))
    ]
    _same(reader, files[:: 4 if slow else 1], real)


@pytest.mark.long
@pytest.mark.parametrize("reader", REAL)
@pytest.mark.parametrize("shape", ["any", "assignments"])
def test_a_model_reads_generated_files_as_the_real_reader_does(reader: str, shape: str, real: RealReaders) -> None:
    rng = random.Random(f"{reader} {shape}")
    # A shell runs what it reads, so it gets only files that assign.
    count = {"bash": 150, "bun": 150, "compose": 150, "docker-run": 60}.get(reader, 400)
    make = _any if shape == "any" and reader != "bash" else _assignments
    _same(reader, [make(rng).encode() for _ in range(count)], real)


def test_a_file_that_is_not_utf8_is_refused_by_python_and_promised_nothing_of_by_others() -> None:
    latin = "A=caf\u00e9\n".encode("latin-1")
    assert isinstance(READERS["python-dotenv"].read(latin), Refuses)
    assert isinstance(READERS["next"].read(latin), CannotTell)
    assert isinstance(READERS["next"].read("A=1".encode("utf-16")), CannotTell)
    assert isinstance(READERS["dotenv"].read(b"A=\0"), CannotTell)


def test_unknown_readers_are_left_out_and_no_known_one_means_dotenv() -> None:
    assert known(["perl", "node", "node22", "next"]) == ("node22", "next")
    assert known(["perl"]) == ("dotenv",)
    assert unpromised(["next", "bun", "perl", "node"]) == ("perl",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A=a b\n", "run a part"),
        ("A=`id`\n", "run a command"),
        ('A="$(id)"\n', "run a command"),
        ("A = 1\n", "run this line"),
        ("A=a;id\n", "run a part"),
        ("A=a|id\n", "run a part"),
        ("A='x\n", "not closed"),
    ],
)
def test_the_shell_model_says_where_a_shell_would_run_something(text: str, reason: str) -> None:
    reading = READERS["bash"].read(text.encode())
    assert isinstance(reading, Refuses)
    assert reason in reading.reason
    assert reading.line == 1


def test_docker_run_reads_raw_lines() -> None:
    read = READERS["docker-run"].read(b"A='x'\n# c\nB=a #b\nHOME\n", ENVIRON)
    assert read == {"A": "'x'", "B": "a #b", "HOME": "/home/dev"}
    assert isinstance(READERS["docker-run"].read(b"A = 1\n"), Refuses)


def _same(reader: str, files: list[bytes], real: RealReaders) -> None:
    """Assert that model and real reader agree on each file of which the model says anything."""
    model = READERS[REAL[reader]]
    readings = [model.read(data, ENVIRON) for data in files]
    told = [
        (data, reading)
        for data, reading in zip(files, readings, strict=True)
        if not isinstance(reading, CannotTell) and not (reader == "bash" and isinstance(reading, Refuses))
    ]
    assert len(told) >= len(files) // 6, "the model says too little to be of use"
    outcomes = real.read_many(reader, [data for data, _ in told])
    for (data, reading), outcome in zip(told, outcomes, strict=True):
        expected: Outcome = None if isinstance(reading, Refuses) else dict(reading)
        if reader == "bash" and expected is not None and outcome is not None:
            outcome = {name: value for name, value in outcome.items() if name in expected}
        assert outcome == expected, f"{reader} reads {data!r} otherwise"


_TOKENS = [
    "A", "B", "V", "$HOME", "_x", "=", "=", "=", "=", "\n", "\n", "\n", " ", "\t", "'", '"', "`", "\\", "\\n", "#",
    " #", "$", "${A}", "$A", "${", "}", ":", "-", "export ", "\r\n", "x", "1", "'v'", '"v"', '"a b"', "\u00e9", "\\$",
    "A=1\n", "B='q'\n", ".", "undefined", '\\"', "\\'", '{"a":1}', "\n\n", "[s]", "$(", "$EMPTY_ONE",
    "\u2028", "\ufeff",
]  # fmt: skip
_PIECES = [
    "a", "b", "$", "${A}", "$A", "$B ", "#", " #", "\\", "\\n", "\\$", '\\"', "x", "\u00e9", " ", "{", "}", "~", ":",
    "/", "5", "(", "!", "&", "*", "[", "]", "%", "$$", "\\0", "\\012", "\\0123",
]  # fmt: skip


def _any(rng: random.Random) -> str:
    return "".join(rng.choice(_TOKENS) for _ in range(rng.randint(1, 18)))


def _assignments(rng: random.Random) -> str:
    lines = []
    for _ in range(rng.randint(1, 5)):
        quote = rng.choice(["", "'", '"', '"'])
        pieces = [*_PIECES, "\n"] if quote else _PIECES
        value = "".join(rng.choice(pieces) for _ in range(rng.randint(0, 8)))
        export = "export " if rng.random() < 0.1 else ""
        end = rng.choice(["\n", "\n", " # c\n", "\r\n", "\n\n# x\n"])
        lines.append(f"{export}{rng.choice('ABCV')}={quote}{value}{quote}{end}")
    return "".join(lines)
