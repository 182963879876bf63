import json
import resource
import time
import tomllib
from pathlib import Path

import pytest

from onboard.errors import ProjectError
from onboard.model import Kind, Need
from onboard.project import merge, render, understand
from onboard.project.manifest import Manifest
from tests.project.making import next_app, repository, understood

ROOT = Path(__file__).parents[2]
BASE = {
    "package.json": next_app(db_push="drizzle-kit push"),
    ".env.example": "STRIPE_KEY=\nREDIS_URL=\nMODE=fast\n",
    "pnpm-lock.yaml": "",
}


def test_the_file_wins_over_what_was_inferred(tmp_path: Path) -> None:
    text = """
env_file = ".env"
readers = ["dotenv", "compose"]
health = ["/up"]
push = false

[project]
id = "example.com/shop"
name = "Shop"

[dev]
port = 4000

[[webhooks]]
path = "/hooks/stripe"
variable = "HOOK_SECRET"
events = ["invoice.paid"]

[variables]
STRIPE_KEY.need = "optional"
STRIPE_KEY.kind = "secret"
STRIPE_KEY.provider = "stripe"
STRIPE_KEY.link = "https://x.dev/keys"
STRIPE_KEY.description = "Pays."
MODE = { default = "slow", choices = ["slow", "fast"] }
NEW_ID = { need = "required", scopes = { local = "any", production = "the shop's own" } }

[one_of.store]
redis = ["REDIS_URL"]
upstash = ["UPSTASH_URL", "UPSTASH_TOKEN"]

[tools.node]
version = ">=24"
[tools.jq]
"""
    found = understood(tmp_path, {**BASE, "onboard.toml": text})
    app = found.app
    by_name = {variable.name: variable for variable in app.variables}

    assert (found.id, found.id_source, found.name, found.manifest) == (
        "example.com/shop",
        "manifest",
        "Shop",
        "onboard.toml",
    )
    assert (app.env_file, app.readers, app.health, app.push) == (".env", ("dotenv", "compose"), ("/up",), None)
    assert app.dev is not None
    assert (app.dev.port, app.dev.script) == (4000, "dev")
    (hook,) = app.webhooks
    assert (hook.path, hook.port, hook.variable, hook.events) == (
        "/hooks/stripe",
        4000,
        "HOOK_SECRET",
        ("invoice.paid",),
    )
    stripe = by_name["STRIPE_KEY"]
    assert (stripe.need, stripe.kind, stripe.provider, stripe.probably) == (Need.OPTIONAL, Kind.SECRET, "stripe", False)
    assert (stripe.link, stripe.description) == ("https://x.dev/keys", "Pays.")
    assert (by_name["MODE"].default, by_name["MODE"].choices) == ("slow", ("slow", "fast"))
    assert by_name["NEW_ID"].need is Need.REQUIRED
    assert by_name["NEW_ID"].declared_in[0].startswith("onboard.toml:")
    assert app.scopes == (("NEW_ID", (("local", "any"), ("production", "the shop's own"))),)
    assert app.alternatives[0].options == (("redis", ("REDIS_URL",)), ("upstash", ("UPSTASH_URL", "UPSTASH_TOKEN")))
    assert {by_name[name].one_of for name in ("REDIS_URL", "UPSTASH_TOKEN")} == {"store"}
    assert [(tool.name, tool.spec) for tool in found.tools if tool.source == "onboard.toml"] == [
        ("node", ">=24"),
        ("jq", None),
    ]


WRONG = [
    ("[variables.A_KEY]\nneed = 'maybe'\n", "onboard.toml:2"),
    ("[project]\nname = 'x'\nnick = 'y'\n", "onboard.toml:3"),
    ("env_file = '../../etc/passwd'\n", "onboard.toml:1"),
    ("template = '/etc/passwd'\n", "onboard.toml:1"),
    ("[dev]\nport = 70000\n", "onboard.toml:2"),
    ("[variables]\nA_KEY = { link = 'javascript:alert(1)' }\n", "onboard.toml:2"),
    ("[variables]\nA_KEY = { default = 'sk_live_realone' }\n", "onboard.toml:2"),
    ("[variables]\nDATABASE_URL = { default = 'postgresql://a:b@db.example.net/x' }\n", "onboard.toml:2"),
    ("nonsense\n", "not TOML"),
    ("a = 1\na = 2\n", "not TOML"),
]


@pytest.mark.parametrize(("text", "where"), WRONG)
def test_a_mistake_is_named_with_its_line_and_without_a_value(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ProjectError) as caught:
        understood(tmp_path, {**BASE, "onboard.toml": text})

    assert where in caught.value.message
    assert caught.value.hint
    assert "realone" not in caught.value.message


def test_a_local_connection_string_is_a_good_default(tmp_path: Path) -> None:
    text = "[variables]\nDATABASE_URL = { default = 'postgresql://a:b@localhost:5432/x' }\n"
    found = understood(tmp_path, {**BASE, "onboard.toml": text}).app.variables[-1]

    assert (found.name, found.default, found.placeholder, found.sample[:12]) == (
        "DATABASE_URL",
        None,
        False,
        "postgresql:/",
    )


@pytest.mark.parametrize("key", ["trust = true", "trusted_paths = ['/']", "[settings]\nyes = true", "yes = true"])
def test_a_repository_cannot_give_itself_permission(tmp_path: Path, key: str) -> None:
    found = understood(tmp_path, {**BASE, "onboard.toml": key + "\n"})

    assert [trouble.kind for trouble in found.troubles] == ["manifest.ignored"]


HOSTILE = {
    "50 MB": b"a = '" + b"x" * (50 << 20) + b"'\n",
    "deep arrays": b"a = " + b"[" * 100_000,
    "deep tables": b"\n".join(b"[" + b".".join([b"a"] * 1000) + b"]" for _ in range(50)),
    "a million keys": b"".join(b"a%d=1\n" % at for at in range(1_000_000)),
    "one long line": b"a = '" + b"x" * 200_000 + b"'",
    "not UTF-8": b"name = '\xff\xfe'",
    "NUL": b"name = '\x00'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_toml_is_refused_at_once(tmp_path: Path, name: str) -> None:
    repository(tmp_path, {**BASE, "onboard.toml": HOSTILE[name]})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()

    with pytest.raises(ProjectError):
        understand(tmp_path)

    assert time.perf_counter() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_an_app_of_a_monorepo_has_its_own_part(tmp_path: Path) -> None:
    files = {
        "package.json": {"workspaces": ["apps/*"]},
        "apps/web/package.json": next_app(),
        "apps/web/.env.example": "A_KEY=\n",
        "apps/jobs/package.json": {"name": "jobs"},
        "onboard.toml": "[variables]\nA_KEY = { need = 'optional' }\n[apps.'apps/jobs']\nenv_file = "
        "'apps/jobs/.env'\n[apps.'apps/jobs'.variables]\nB_KEY = {}\n",
    }
    found = understood(tmp_path, files)
    jobs = next(app for app in found.apps if app.dir == "apps/jobs")

    assert found.main_app == "apps/web"
    assert found.app.variables[0].need is Need.OPTIONAL
    assert (jobs.env_file, [variable.name for variable in jobs.variables]) == ("apps/jobs/.env", ["B_KEY"])


def test_the_schema_for_editors_is_that_of_the_models() -> None:
    committed = json.loads((ROOT / "docs" / "onboard.schema.json").read_text("utf-8"))

    assert committed == {"$schema": "https://json-schema.org/draft/2020-12/schema", **Manifest.model_json_schema()}


def test_every_key_is_explained() -> None:
    page = (ROOT / "docs" / "onboard-toml.md").read_text("utf-8")
    schema = Manifest.model_json_schema()
    keys = {key for table in (schema, *schema["$defs"].values()) for key in table.get("properties", {})}

    assert sorted(key for key in keys if f"`{key}`" not in page) == []


UNSURE = {
    **BASE,
    ".env.example": "STRIPE_KEY=\nSURE_URL=http://localhost:3000\n# optional\nOTHER=\n",
    ".env.sample": "STRIPE_KEY=\n",
    "src/a.ts": "if (!process.env.LATE) throw new Error();",
}


def test_init_writes_what_is_unsure_with_its_reason_and_nothing_else(tmp_path: Path) -> None:
    project = understood(tmp_path, UNSURE)
    text = render(project)
    written = tomllib.loads(text)

    assert written["template"] == ".env.example"
    assert written["variables"] == {"STRIPE_KEY": {"need": "required"}, "LATE": {"need": "required"}}
    rows = [row for row in text.splitlines() if row.startswith(("STRIPE_KEY", "LATE"))]
    assert all("#" in row for row in rows)
    assert "src/a.ts:1" in text


def test_what_init_writes_is_read_back_and_changes_nothing(tmp_path: Path) -> None:
    before = understood(tmp_path, UNSURE)
    (tmp_path / "onboard.toml").write_text(render(before), "utf-8")
    after = understand(tmp_path)

    assert [(v.name, v.need) for v in after.app.variables if v.name != "LATE"] == [
        (v.name, v.need) for v in before.app.variables
    ]
    assert (after.app.env_file, after.app.template, after.name) == (
        before.app.env_file,
        before.app.template,
        before.name,
    )
    assert not any(variable.probably for variable in after.app.variables if not variable.sample)


def test_force_keeps_every_edit(tmp_path: Path) -> None:
    project = understood(tmp_path, UNSURE)
    edited = '# ours\n[project]\nname = "Ours"  # kept\n\n[variables]\nSTRIPE_KEY = { need = "optional" }  # we know\n'
    merged = merge(edited, render(project))

    assert merged.startswith('# ours\n[project]\nname = "Ours"  # kept\n')
    assert 'STRIPE_KEY = { need = "optional" }  # we know' in merged
    assert tomllib.loads(merged)["variables"]["LATE"] == {"need": "required"}
    assert tomllib.loads(merged)["project"]["name"] == "Ours"
    assert merge(merged, render(project)) == merged
