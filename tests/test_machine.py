"""The door to the outside: stand-ins on loopback only, and a browser for pages alone."""

import json
from pathlib import Path

import pytest

from onboard.errors import UsageError
from onboard.machine import Machine


def machine(tmp_path: Path, **env: str) -> Machine:
    return Machine(
        env=env, home=tmp_path, state=tmp_path / "state", config=tmp_path / "config", open_url=lambda _url: True
    )


def endpoints(tmp_path: Path, content: object) -> Machine:
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps(content))
    return machine(tmp_path, ONBOARD_ENDPOINTS=str(file))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4010", "http://localhost:1", "https://127.0.0.1:1/x", "http://[::1]:9"]
)
def test_a_stand_in_on_this_machine_is_taken(tmp_path: Path, url: str) -> None:
    here = endpoints(tmp_path, {"stripe": url, "unknown.id": url})

    assert here.endpoints["stripe"] == url
    assert here.stand_ins


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.test", "http://127.0.0.1.evil.test", "http://127.0.0.1@evil.test", "http://evil@127.0.0.1",
        "http://0.0.0.0:1", "http://192.168.1.1", "file:///etc/passwd", "127.0.0.1:80", "", "http://[::ffff:1.2.3.4]",
        "http://127.0.0.1:port", "http://localhost.evil.test", "http://127.1", "//127.0.0.1",
    ],
)  # fmt: skip
def test_any_other_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError):
        _ = endpoints(tmp_path, {"stripe": url}).endpoints


@pytest.mark.parametrize("content", [[], "x", {"stripe": 1}, None])
def test_a_file_that_is_no_map_of_urls_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(UsageError):
        _ = endpoints(tmp_path, content).endpoints


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        _ = machine(tmp_path, ONBOARD_ENDPOINTS=str(tmp_path / "none.json")).endpoints


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--api-base http://127.0.0.1:4010", ("--api-base", "http://127.0.0.1:4010")),
        ("--api-base=http://127.0.0.1:4010", ("--api-base=http://127.0.0.1:4010",)),
        ("", ()),
    ],
)
def test_stripe_arguments_on_loopback_are_taken(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    assert machine(tmp_path, ONBOARD_STRIPE_CLI_ARGS=text).stripe_arguments == words


@pytest.mark.parametrize(
    "text",
    [
        "--api-base http://evil.test", "--api-base", "--forward-to http://evil.test", "listen", "--skip-verify",
        "--api-base 'http://127.0.0.1", "--api-key sk_test_x", "--api-base=http://evil.test",
    ],
)  # fmt: skip
def test_other_stripe_arguments_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        _ = machine(tmp_path, ONBOARD_STRIPE_CLI_ARGS=text).stripe_arguments


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "http://evil.test", "vscode://x", "-x"])
def test_the_browser_opens_pages_only(tmp_path: Path, url: str) -> None:
    assert not machine(tmp_path).open_url(url)


def test_the_browser_opens_a_page(tmp_path: Path) -> None:
    assert machine(tmp_path).open_url("https://dashboard.stripe.com/test/apikeys")


def test_over_ssh_a_page_is_shown_and_not_opened(tmp_path: Path) -> None:
    here = Machine(env={"SSH_TTY": "/dev/pts/1", "DISPLAY": ":0"}, home=tmp_path, state=tmp_path, config=tmp_path)

    assert not here.open_url("https://dashboard.stripe.com")
