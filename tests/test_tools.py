"""Programs that are there and do not run: the line that says why."""

import pytest

from onboard.checks.tools import _reason

PNPM = """\
 ERROR  Refusing to run pnpm@9.12.0: its npm registry signature could not be verified
This can indicate a tampered download or a malicious/unreachable registry.
"""
COREPACK = """\
/usr/lib/node_modules/corepack/dist/lib/corepack.cjs:21535
  if (key == null || signature == null) throw new Error(`Cannot find matching keyid: ${JSON.stringify({})}`);
                                              ^

Error: Cannot find matching keyid: {"signatures":[]}
    at verifySignature (/usr/lib/node_modules/corepack/dist/lib/corepack.cjs:21535:47)

Node.js v22.13.0
"""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (PNPM, "ERROR Refusing to run pnpm@9.12.0: its npm registry signature could not be verified"),
        (COREPACK, 'Error: Cannot find matching keyid: {"signatures":[]}'),
        ("npm ERR! code EACCES\nnpm ERR! syscall open\n", "npm ERR! syscall open"),
        ("cannot execute binary file\n", "cannot execute binary file"),
        ("\n", ""),
    ],
)
def test_the_reason_is_the_error_not_the_advice_or_the_trace_behind_it(said: str, reason: str) -> None:
    assert _reason(said) == reason
