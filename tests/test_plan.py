"""Findings become steps, in order, each once."""

from onboard.model import Ask, Finding, Run, Status, Step, Tell, Write
from onboard.plan import Stage, plan, stage_of, stages

ENTER = Ask("Enter the Stripe credentials", ("STRIPE_SECRET_KEY",))
INSTALL = Run("Install Node.js", ("nvm", "install", "24"))
WRITE = Write("Make .env.local")
LOOK = Tell("Look again")


def finding(id: str, status: Status, step: Step | None = None) -> Finding:
    return Finding(id, id, status, "s", step=step)


def test_steps_come_in_the_order_of_stages() -> None:
    owed = plan(
        [
            finding("env.file", Status.FAIL, WRITE),
            finding("variable.STRIPE_SECRET_KEY", Status.FAIL, ENTER),
            finding("tool.node", Status.FAIL, INSTALL),
        ]
    )

    assert [one.step for one in owed] == [INSTALL, ENTER, WRITE]
    assert [one.stage for one in owed] == [Stage.TOOLS, Stage.CREDENTIALS, Stage.ENV_FILE]


def test_what_fails_comes_before_what_could_be_better() -> None:
    owed = plan([finding("variable.A", Status.WARN, LOOK), finding("variable.B", Status.FAIL, ENTER)])

    assert [one.step for one in owed] == [ENTER, LOOK]


def test_a_package_manager_is_installed_before_what_it_installs() -> None:
    owed = plan([finding("deps.install", Status.FAIL, LOOK), finding("tool.pnpm", Status.FAIL, INSTALL)])

    assert [one.step for one in owed] == [INSTALL, LOOK]


def test_a_step_that_ends_several_findings_is_owed_once() -> None:
    owed = plan([finding("variable.A", Status.FAIL, ENTER), finding("live.stripe", Status.FAIL, ENTER)])

    assert len(owed) == 1
    assert set(owed[0].findings) == {"variable.A", "live.stripe"}


def test_what_is_fine_or_skipped_owes_nothing() -> None:
    assert (
        plan([finding("a.b", Status.OK, ENTER), finding("a.c", Status.SKIPPED, LOOK), finding("a.d", Status.FAIL)])
        == ()
    )


def test_stages_count_what_is_done() -> None:
    state = stages([finding("tool.a", Status.OK), finding("tool.b", Status.FAIL), finding("env.file", Status.WARN)])

    assert [(s.stage, s.done, s.total, s.status) for s in state] == [
        (Stage.TOOLS, 1, 2, Status.FAIL),
        (Stage.ENV_FILE, 1, 1, Status.WARN),
    ]


def test_the_listeners_port_belongs_to_the_webhooks() -> None:
    assert stage_of("webhook.port") is Stage.WEBHOOKS
    assert stage_of("port.3000") is Stage.APP
