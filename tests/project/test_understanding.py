"""Whole repositories: the shared corpus where it is there, and the sample projects, each field scored."""

import json
from pathlib import Path

import pytest

from benchmarks.understanding import CASES, Score, cases, compare
from onboard.project import understand

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / ".." / "shared" / "corpus"
CODE_LEFT_OUT = {"node", "env_file", "variable.need"}
"""The corpus has no README and no code, from which these come."""


def total(folder: Path) -> Score:
    score = Score()
    for name, expected, tree in cases(folder):
        score.add(compare(name, expected, understand(tree)))
    return score


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside this repository")
def test_the_corpus_is_understood() -> None:
    score = total(CORPUS)

    assert score.overall[2] >= 0.99, score.table()
    assert {field for field in score.due if score.of(field)[2] < 0.95} <= CODE_LEFT_OUT, score.table()


def test_our_own_cases_are_understood_to_the_last_fact() -> None:
    score = total(CASES)

    assert score.overall[0] > 0
    assert score.notes == [], score.table()


def test_a_wrong_expectation_lowers_the_score() -> None:
    (name, expected, tree), *_ = cases(CASES)
    changed = json.loads(json.dumps(expected))
    changed["apps"][0]["env_file"] = ".env.other"
    changed["apps"][0]["variables"][0]["kind"] = (
        "public" if changed["apps"][0]["variables"][0]["kind"] == "secret" else "secret"
    )
    score = compare(name, changed, understand(tree))

    assert score.of("env_file")[2] == 0
    assert score.of("variable.kind")[2] < 1
