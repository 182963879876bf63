"""Score what onboard understands of repositories: `python benchmarks/understanding.py [-v] [FOLDER…]`.

A folder holds cases: `CASE/expected.json` beside `CASE/tree/`. Without arguments: the shared corpus beside this
repository (where it is there), our own cases, and the time for 200 apps of 40 variables. Per field: how many facts were
expected and said, how many of those were right, and precision, recall, F.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a checkout that is not installed will do

from onboard.project import App, Project, understand  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpus"
CASES = ROOT / "tests" / "project" / "cases"
Expected = dict[str, object]


class Score:
    """Right, wrong and missed facts of each field."""

    def __init__(self) -> None:
        self.right: dict[str, int] = defaultdict(int)
        self.said: dict[str, int] = defaultdict(int)
        self.due: dict[str, int] = defaultdict(int)
        self.notes: list[str] = []

    def compare(self, case: str, field: str, due: object, said: object, right: bool) -> None:
        """Count one fact; `None` on either side is silence."""
        self.due[field] += due is not None
        self.said[field] += said is not None
        if right and due is not None and said is not None:
            self.right[field] += 1
        if not right:
            self.notes.append(f"{case:40} {field:22} expected {due!r}, said {said!r}")

    def add(self, other: Score) -> None:
        """Take another score's counts in."""
        for mine, theirs in ((self.right, other.right), (self.said, other.said), (self.due, other.due)):
            for field, count in theirs.items():
                mine[field] += count
        self.notes += other.notes

    def of(self, field: str) -> tuple[float, float, float]:
        """Return precision, recall and F of one field."""
        return _measure(self.right[field], self.said[field], self.due[field])

    @property
    def overall(self) -> tuple[float, float, float]:
        """Return precision, recall and F over all facts."""
        return _measure(sum(self.right.values()), sum(self.said.values()), sum(self.due.values()))

    def table(self) -> str:
        """Return the figures as text."""
        rows = [f"{'field':22} {'due':>5} {'said':>5} {'right':>5}  precision recall    F"]
        for field in sorted(self.due | self.said):
            precision, recall, f = self.of(field)
            rows.append(
                f"{field:22} {self.due[field]:5} {self.said[field]:5} {self.right[field]:5}  "
                f"{precision:9.3f} {recall:6.3f} {f:6.3f}"
            )
        precision, recall, f = self.overall
        total = [sum(counts.values()) for counts in (self.due, self.said, self.right)]
        rows.append(f"{'all':22} {total[0]:5} {total[1]:5} {total[2]:5}  {precision:9.3f} {recall:6.3f} {f:6.3f}")
        return "\n".join(rows)


def _measure(right: int, said: int, due: int) -> tuple[float, float, float]:
    precision = right / said if said else 1.0
    recall = right / due if due else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def cases(folder: Path) -> list[tuple[str, Expected, Path]]:
    """Return name, expectation and tree of each case; `expected.json` lies beside `tree/` or names a tree of ours."""
    found = []
    for path in sorted(folder.glob("*/expected.json")):
        expected = json.loads(path.read_text("utf-8"))
        tree = ROOT / expected["tree"] if "tree" in expected else path.parent / "tree"
        found.append((path.parent.name, expected, tree))
    return found


def compare(name: str, expected: Expected, project: Project) -> Score:
    """Score one understanding, field by field; what `expected` leaves out is not scored."""
    result = Score()
    want = _apps(expected)[0]
    note = _map(expected.get("note"))
    also, either = _map(note.get("also_right")), _map(note.get("either_is_right"))
    app = next((app for app in project.apps if app.dir == want["dir"]), None)
    result.compare(
        name, "main_app", expected.get("main_app"), project.main_app, project.main_app == expected.get("main_app")
    )
    if "workspaces" in expected:
        fitting = project.workspaces in (expected["workspaces"], *_list(also.get("workspaces")))
        result.compare(name, "workspaces", expected["workspaces"], project.workspaces, fitting)
    if app is None:
        result.notes.append(f"{name}: no app {want['dir']}")
        app = project.app
    _app(result, name, want, app, also)
    aside, working, code_only = (
        set(map(str, _list(note.get(key))))
        for key in ("not_judged_one_by_one", "secrets_with_a_working_default", "read_by_code_only")
    )
    _variables(result, name, want, app, either, aside, working, code_only)
    return result


def _app(result: Score, name: str, want: Expected, app: App, also: Expected) -> None:
    def plain(field: str, due: object, said: object, more: Iterable[object] = ()) -> None:
        result.compare(name, field, due, said, said == due or said in list(more))

    plain("template", want.get("template"), app.template)
    targets = _list(also.get("env_target"))
    plain("env_file", want.get("env_file"), app.env_file, targets)
    manager, said = _map(want.get("package_manager")), app.package_manager
    plain("package_manager", manager.get("name"), said.name if said else None, _list(also.get("package_manager")))
    plain("package_manager.version", manager.get("version"), said.version if said else None)
    plain("node", _map(want.get("node")).get("spec"), app.node.spec, _list(also.get("node")))
    if "push" in want:
        due = _map(want["push"])
        plain("push.tool", due.get("tool"), app.push.tool if app.push else None)
        plain("push.script", due.get("script"), app.push.script if app.push else None, _list(also.get("push_script")))
    if "webhooks" in want:
        for hook in map(_map, _list(want["webhooks"])):
            paths = [hook["path"], *_list(also.get("webhook_path"))]
            found = next((each for path in paths for each in app.webhooks if each.path == path), None)
            plain("webhook.path", hook["path"], found.path if found else None, paths)
            plain("webhook.port", hook.get("port"), found.port if found else None)
            plain("webhook.script", hook.get("script"), found.script if found else None)
            plain("webhook.variable", hook.get("variable"), found.variable if found else None)
        if not want["webhooks"] and app.webhooks:
            plain("webhook.path", None, app.webhooks[0].path)
    dev = _map(want.get("dev"))
    plain("dev.script", dev.get("script"), app.dev.script if app.dev else None, _list(also.get("dev_script")))
    plain("dev.port", dev.get("port"), app.dev.port if app.dev else None)
    plain("compose_file", want.get("compose_file"), app.compose_file)
    plain("env_schema_file", want.get("env_schema_file"), app.env_schema_file)


def _variables(
    result: Score, name: str, want: Expected, app: App, either: Expected, aside: set[str], working: set[str],
    code_only: set[str],
) -> None:  # fmt: skip
    said = {variable.name: variable for variable in app.variables}
    due = {str(variable["name"]): variable for variable in map(_map, _list(want.get("variables")))}
    for extra in sorted(set(said) - set(due) - code_only):
        result.compare(name, "variable.name", None, extra, False)
    for key, expected in due.items():
        variable = said.get(key)
        result.compare(name, "variable.name", key, key if variable else None, variable is not None)
        if variable is None:
            continue

        def free(field: str, key: str = key) -> bool:
            return key in _list(either.get(field))

        def fact(field: str, due: object, said: object, right: bool, key: str = key) -> None:
            result.compare(name, f"variable.{field}", f"{key}={due}", f"{key}={said}", right or free(field))

        works = expected.get("default") is not None or key in working
        if not works and key not in aside:
            fact("need", expected["need"], variable.need.value, expected["need"] == variable.need.value)
        fact("kind", expected["kind"], variable.kind.value, expected["kind"] == variable.kind.value)
        if not free("value"):
            fact(
                "placeholder",
                expected["placeholder"],
                variable.placeholder,
                expected["placeholder"] == variable.placeholder,
            )
            result.compare(
                name, "variable.default", expected.get("default") and f"{key}={expected['default']}",
                variable.default and f"{key}={variable.default}", expected.get("default") == variable.default,
            )  # fmt: skip
        fact("commented", expected["commented"], variable.commented, expected["commented"] == variable.commented)
        fact("exposed", expected["exposed"], variable.exposed, expected["exposed"] == variable.exposed)
        made = expected.get("generate") is not None
        result.compare(
            name,
            "variable.generate",
            key if made else None,
            key if variable.generate else None,
            made == (variable.generate is not None),
        )
        if isinstance(expected.get("link"), str):
            same = variable.link is not None and _host(variable.link) == _host(str(expected["link"]))
            result.compare(name, "variable.link", expected["link"], variable.link and f"{key}={variable.link}", same)


def _host(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def _apps(expected: Expected) -> list[Expected]:
    return [_map(app) for app in _list(expected["apps"])]


def _map(value: object) -> Expected:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def main(arguments: list[str]) -> int:
    """Print the tables."""
    verbose = "-v" in arguments
    folders = [Path(word) for word in arguments if word != "-v"] or [CORPUS, CASES]
    for folder in folders:
        known = cases(folder)
        if not known:
            print(f"{folder}: absent or empty, not scored\n")
            continue
        started = time.perf_counter()
        total = Score()
        for name, expected, tree in known:
            one = compare(name, expected, understand(tree))
            print(f"{name:48} F {one.overall[2]:.3f}")
            total.add(one)
        took = time.perf_counter() - started
        print(f"\n{folder}: {len(known)} repositories in {took:.2f} s\n{total.table()}\n")
        if verbose:
            print("\n".join(total.notes) + "\n")
    if len(folders) == 2 and folders[1] == CASES:
        print(f"200 apps × 40 variables: {_monorepo():.2f} s")
    return 0


def _monorepo() -> float:
    """Return the seconds that a large monorepo takes, code search included."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "package.json").write_text('{"workspaces": ["apps/*"], "scripts": {"dev": "turbo dev"}}')
        for at in range(200):
            app = root / "apps" / f"a{at}"
            app.mkdir(parents=True)
            package = {"name": f"a{at}", "scripts": {"dev": f"next dev -p {3000 + at}"}, "dependencies": {"next": "15"}}
            (app / "package.json").write_text(json.dumps(package))
            (app / ".env.example").write_text("".join(f"# about {line}\nV_{at}_{line}=\n" for line in range(40)))
            (app / "index.ts").write_text("".join(f"process.env.V_{at}_{line};\n" for line in range(40)))
        started = time.perf_counter()
        understand(root)
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
