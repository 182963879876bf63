"""Webhooks: do the listeners forward to the app's port, and is the stored signing secret the present one?"""

from __future__ import annotations

from functools import partial

from onboard import listeners
from onboard.checks._base import Check, View
from onboard.errors import ProcessError
from onboard.model import Finding, Run, Secret, Status, Tell
from onboard.understanding import held


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of the port, and one for each variable that takes a listener's secret."""
    found: list[Check] = []
    if view.app.webhooks and not any(trouble.kind == "webhook.port" for trouble in view.project.troubles):
        found.append(Check("webhook.port", "Listener's port", _port))
    for listener in listeners.of(view.app):
        variable = view.variable(listener.variable)
        if variable is not None and variable.provider == "stripe":
            found.append(
                Check(
                    f"webhook.{listener.variable}",
                    listener.variable,
                    partial(_secret, listener=listener),
                    needs=(f"variable.{listener.variable}", "tool.stripe", "mode.stripe", "live.stripe"),
                    unless=("pair.stripe",),
                    outside=True,
                )
            )
    return tuple({check.id: check for check in found}.values())


def _port(view: View) -> Finding | None:
    check = Check("webhook.port", "Listener's port", _port)
    ports = {hook.port for hook in view.app.webhooks if hook.port is not None}
    if not ports or view.app.dev is None:
        return None
    return check.says(Status.OK, f"listeners forward to the app's port {view.app.dev.port}")


async def _secret(view: View, listener: listeners.Listener) -> Finding:
    name = listener.variable
    check = Check(f"webhook.{name}", name, partial(_secret, listener=listener))
    try:
        present = await present_secret(view)
    except ProcessError as error:
        return check.says(
            Status.UNKNOWN,
            error.message,
            detail=error.hint,
            step=Tell(error.hint, command="onboard listen"),
            variable=name,
            provider="stripe",
        )
    if present == view.values.get(name):
        return check.says(Status.OK, "is the listener's present secret", variable=name, provider="stripe")
    return check.says(
        Status.FAIL,
        "is not the secret that the Stripe CLI signs with now: every forwarded webhook would be answered with 400",
        step=Run("Get the signing secrets of the Stripe listeners", ("onboard", "listen", "--secrets")),
        variable=name,
        provider="stripe",
    )


async def present_secret(view: View) -> Secret:
    """Return what the Stripe CLI signs with now. Raises ProcessError where it does not say."""
    return await listeners.Stripe(view.machine, view.project, stripe_key(view)).secret()


def stripe_key(view: View) -> Secret | None:
    """Return the project's own test key for the Stripe CLI; `None`: there is none, its login serves."""
    for service in view.services:
        if service.provider.id == "stripe":
            values = held(service, view.held())
            if "secret" in values and not service.provider.production(values):
                return values.all("secret")[0].value
    return None
