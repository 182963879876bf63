from pathlib import Path

import pytest

from onboard.project.webhooks import url_path
from tests.project.making import Files, app, next_app, understood

ROUTE = """import Stripe from "stripe";
export async function POST(request: Request) {
  const event = stripe.webhooks.constructEvent(await request.text(), signature, process.env.%s!);
  switch (event.type) { case "checkout.session.completed": case "invoice.paid": break; }
}
"""


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("src/app/api/webhooks/stripe/route.ts", "/api/webhooks/stripe"),
        ("app/(shop)/api/stripe/webhook/route.js", "/api/stripe/webhook"),
        ("pages/api/stripe/webhook.ts", "/api/stripe/webhook"),
        ("src/pages/api/webhooks/index.ts", "/api/webhooks"),
        ("src/routes/api/stripe/+server.ts", "/api/stripe"),
        ("app/routes/api.stripe.webhook.ts", "/api/stripe/webhook"),
        ("app/routes/webhooks/stripe.tsx", "/webhooks/stripe"),
        ("server/api/stripe/webhook.post.ts", "/api/stripe/webhook"),
        ("app/routes/hooks+/stripe+/webhook.ts", "/hooks/stripe/webhook"),
        ("app/routes/api+/stripe.webhook.ts", "/api/stripe/webhook"),
        ("src/lib/stripe.ts", None),
        ("src/app/api/[...all]/route.ts", None),
    ],
)
def test_a_route_s_path_follows_its_framework(file: str, path: str | None) -> None:
    assert url_path(file) == path


def shop(route: str = "app/api/stripe/webhook/route.ts", **scripts: str) -> Files:
    return {
        "package.json": next_app(**scripts),
        ".env.example": "STRIPE_SECRET_KEY=sk_test_\nSTRIPE_WEBHOOK_SECRET=whsec_\n",
        route: ROUTE % "STRIPE_WEBHOOK_SECRET",
    }


def test_a_route_is_known_by_its_code_with_its_variable_and_events(tmp_path: Path) -> None:
    (hook,) = app(tmp_path, shop("app/api/billing/hook/route.ts")).webhooks

    assert (hook.path, hook.port, hook.variable, hook.script) == (
        "/api/billing/hook",
        3000,
        "STRIPE_WEBHOOK_SECRET",
        None,
    )
    assert hook.events == ("checkout.session.completed", "invoice.paid")
    assert hook.command == "stripe listen --forward-to localhost:3000/api/billing/hook"


def test_a_webhook_of_another_service_is_none_of_stripe_s(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(),
        "app/api/webhooks/clerk/route.ts": 'import { Webhook } from "svix";\nprocess.env.CLERK_WEBHOOK_SECRET;\n',
    }

    assert app(tmp_path, files).webhooks == ()


def test_the_listener_is_the_script_that_forwards_to_the_route(tmp_path: Path) -> None:
    (hook,) = app(
        tmp_path, shop(stripe_listen="stripe listen -f localhost:3000/api/stripe/webhook -e invoice.paid")
    ).webhooks

    assert (hook.script, hook.port, hook.events) == ("stripe:listen", 3000, ("invoice.paid",))
    assert not hook.started_by_dev


def test_a_listener_on_another_port_than_the_dev_server_is_named_with_both_places(tmp_path: Path) -> None:
    found = understood(
        tmp_path, shop(stripe_listen="stripe listen --forward-to=http://localhost:3001/api/stripe/webhook")
    )

    assert found.app.webhooks[0].port == 3001
    assert found.app.dev is not None
    assert found.app.dev.port == 3000
    (trouble,) = found.troubles
    assert (trouble.kind, trouble.variable) == ("webhook.port", "STRIPE_WEBHOOK_SECRET")
    assert trouble.places == ("package.json:5", "package.json:4")


def test_a_dev_script_that_listens_itself_is_known(tmp_path: Path) -> None:
    scripts = {
        "dev": "concurrently 'next dev' 'npm run stripe'",
        "stripe": "stripe listen --forward-to localhost:3000/api/stripe/webhook",
    }
    files = {**shop(), "package.json": {"scripts": scripts, "dependencies": {"next": "15"}}}
    (hook,) = app(tmp_path, files).webhooks

    assert (hook.script, hook.started_by_dev) == ("stripe", True)


def test_two_routes_have_two_variables(tmp_path: Path) -> None:
    files = {
        **shop("app/api/webhooks/stripe/route.ts"),
        ".env.example": "STRIPE_WEBHOOK_SECRET=\nSTRIPE_SIGNAL_WEBHOOK_SECRET=\n",
        "app/api/signal/webhooks/stripe/route.ts": ROUTE % "STRIPE_SIGNAL_WEBHOOK_SECRET",
    }

    assert {hook.path: hook.variable for hook in app(tmp_path, files).webhooks} == {
        "/api/webhooks/stripe": "STRIPE_WEBHOOK_SECRET",
        "/api/signal/webhooks/stripe": "STRIPE_SIGNAL_WEBHOOK_SECRET",
    }


def test_the_readme_s_listener_counts_where_no_route_file_tells(tmp_path: Path) -> None:
    files = {
        "package.json": {"scripts": {"dev": "tsx watch server.ts"}, "dependencies": {"express": "4"}},
        ".env.example": "PORT=4242\nSTRIPE_WEBHOOK_SECRET=\n",
        "README.md": "Then `stripe listen --forward-to localhost:4242/hooks`\n",
        "server.ts": "app.listen(process.env.PORT)",
    }
    (hook,) = app(tmp_path, files).webhooks

    assert (hook.path, hook.port, hook.variable) == ("/hooks", 4242, "STRIPE_WEBHOOK_SECRET")


VERIFIED = "const event = stripe.webhooks.constructEvent(req.body, sig, process.env.STRIPE_WEBHOOK_SECRET);"
DECLARED = [
    ({"server.js": f"app.post('/webhook', raw, (req, res) => {{ {VERIFIED} }});\napp.post('/login', x);"}, "/webhook"),
    (
        {
            "src/routes/stripe.routes.ts": f"router.post('/webhook', (req, res) => {{ {VERIFIED} }});",
            "src/app.ts": "app.use('/api/stripe', stripeRoutes);\n",
        },
        "/api/stripe/webhook",
    ),
    (
        {
            "src/billing/billing.controller.ts": "@Controller('billing')\nclass B { @Post('webhook') x("
            "@Headers('stripe-signature') s: string) {} }",
            "src/main.ts": "app.setGlobalPrefix('api');",
        },
        "/api/billing/webhook",
    ),
    ({"src/routes/stripe.ts": f"router.post('/webhook', () => {{ {VERIFIED} }});"}, None),
    ({"src/server.ts": "app.post('/webhook', githubHook);"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("files", "path"), DECLARED)
def test_a_route_that_code_declares_is_found_where_its_whole_path_can_be_told(
    tmp_path: Path, files: Files, path: str | None
) -> None:
    package = {"scripts": {"dev": "tsx watch src/server.ts"}, "dependencies": {"stripe": "18"}}

    assert [hook.path for hook in app(tmp_path, {"package.json": package, **files}).webhooks] == (
        [path] if path else []
    )


def test_the_variable_for_development_is_the_listener_s(tmp_path: Path) -> None:
    code = ROUTE.replace("process.env.%s!", "production ? process.env.PROD_STRIPE_WEBHOOK_SECRET! : process.env.%s!")
    files = {
        "package.json": next_app(),
        ".env.example": "PROD_STRIPE_WEBHOOK_SECRET=\nDEV_STRIPE_WEBHOOK_SECRET=\n",
        "app/api/stripe/webhook/route.ts": code % "DEV_STRIPE_WEBHOOK_SECRET",
    }
    (hook,) = app(tmp_path, files).webhooks

    assert hook.variable == "DEV_STRIPE_WEBHOOK_SECRET"


def test_health_routes_are_listed(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(),
        "app/healthz/route.ts": "",
        "app/api/health/db/route.ts": "",
        "app/api/wealth/route.ts": "",
    }

    assert app(tmp_path, files).health == ("/healthz", "/api/health/db")
