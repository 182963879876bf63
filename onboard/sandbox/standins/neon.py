"""Neon: SQL over HTTP at `/sql`, and the part of its API that branches, passwords and keys need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from onboard.sandbox.invented import alnum, digits, hexa, lower, number
from onboard.sandbox.served import Request, Response, StandIn
from onboard.sandbox.sql import Engine, Lite, Login, Postgres, SqlError, Statement, Table

REGION = "us-east-1.aws.neon.tech"


@dataclass
class Branch:
    """One branch with its compute, its database and its role's password."""

    name: str
    parent: str | None
    default: bool = False
    protected: bool = False
    id: str = field(default_factory=lambda: f"br-{_words()}")
    endpoint: str = field(default_factory=lambda: f"ep-{_words()}")
    passwords: list[str] = field(default_factory=lambda: [new_password()])
    """The newest last; more than one while a reset is still going on."""
    expires_at: str | None = None
    disabled: bool = False

    @property
    def host(self) -> str:
        """The compute's direct name."""
        return f"{self.endpoint}.{REGION}"


class NeonStandIn(StandIn):
    """One project with the branches `main` (default) and `development`.

    `postgres`: the URL of a real server that runs the SQL and judges role, password and database; `None`: the
    stand-in judges, and SQLite runs it.
    """

    endpoints = ("neon.sql", "neon.api")
    role = "neondb_owner"
    database = "neondb"

    def __init__(self, postgres: str | None = None) -> None:
        self.project_id = _words()
        self.project_name = "wavepoint"
        self.account_id = f"org-{_words()}"
        self.api_keys: dict[str, str] = {}
        """Key → its name."""
        self.api_key = self.new_api_key("first")
        self.main = Branch("main", None, default=True)
        self.development = Branch("development", self.main.id)
        self.branches = [self.main, self.development]
        self.quota = ""
        """Text of the refusal for a used-up plan; empty: all is well."""
        self._postgres = Postgres(postgres) if postgres else None
        self._lite: dict[str, Lite] = {}
        self._operations: dict[str, tuple[Branch, int]] = {}

    def address(self, endpoint: str) -> str:
        """Return the whole URL of the SQL endpoint, or the API's server."""
        return f"{self.base}/sql" if endpoint == "neon.sql" else self.base

    def url(self, branch: Branch | None = None, *, pooled: bool = False, password: str | None = None) -> str:
        """Return the connection string of a branch (`development`), as the console hands it out."""
        branch = branch or self.development
        host = branch.host.replace(".", "-pooler.", 1) if pooled else branch.host
        secret = quote(branch.passwords[-1] if password is None else password, safe="")
        return f"postgresql://{self.role}:{secret}@{host}/{self.database}?sslmode=require&channel_binding=require"

    def tables(self, branch: Branch | None = None) -> list[str]:
        """Return the tables of a branch (`development`) of the SQLite engine."""
        return self._engine(branch or self.development).tables

    def new_api_key(self, name: str) -> str:
        """Return a new key that works."""
        key = f"napi_{lower(64)}"
        self.api_keys[key] = name
        return key

    def answer(self, request: Request) -> Response:
        """Answer SQL and the API."""
        if request.path == "/sql":
            return self._sql(request)
        if request.parts[:2] != ("api", "v2"):
            return Response.json({"msg": "not found"}, 404)
        if request.bearer not in self.api_keys:
            return _error(401, "", "authentication failed: invalid API key" if request.bearer else "unauthorized")
        return self._api(request, request.parts[2:])

    def _engine(self, branch: Branch) -> Lite:
        if branch.id not in self._lite:
            settings = {"project": self.project_id, "branch": branch.id, "endpoint": branch.endpoint}
            self._lite[branch.id] = Lite({f"neon.{name}_id": value for name, value in settings.items()})
        return self._lite[branch.id]

    def _sql(self, request: Request) -> Response:
        if request.method != "POST":
            return Response.json({"msg": "method not allowed"}, 405)
        if "authorization" in request.headers:
            return Response.json({"msg": "JWT authentication is not configured"}, 400)
        if self.quota:
            return Response.text(self.quota, 402)
        try:
            login = Login.of(request.headers.get("neon-connection-string", ""))
            branch = self._admit(login)
            many, statements = _statements(request.data)
            read_only = request.headers.get("neon-batch-read-only", "").lower() == "true"
            engine: Engine = self._postgres or self._engine(branch)
            tables = engine.run(login, statements, read_only=many and read_only)
        except SqlError as error:
            return Response.json(error.fields, 400)
        arrays = request.headers.get("neon-array-mode", "").lower() == "true"
        shown = [_result(table, arrays=arrays) for table in tables]
        return Response.json({"results": shown} if many else shown[0])

    def _admit(self, login: Login) -> Branch:
        """Return the branch that a connection string leads to. An unknown endpoint looks like a wrong password."""
        label = login.host.partition(".")[0].removesuffix("-pooler")
        branch = next((one for one in self.branches if one.endpoint == label), None)
        wrong = SqlError(f"password authentication failed for user '{login.role}'")
        if not login.role or not login.database:
            raise SqlError("missing username" if not login.role else "missing database name")
        if branch is None:
            raise wrong
        if self._postgres is None and (login.role != self.role or login.password not in branch.passwords):
            raise wrong
        if branch.disabled:
            raise SqlError("Control plane request failed: endpoint is disabled")
        if self._postgres is None and login.database != self.database:
            raise SqlError(f'database "{login.database}" does not exist', "3D000")
        return branch

    def _api(self, request: Request, parts: tuple[str, ...]) -> Response:
        match (request.method, *parts):
            case ("GET", "auth"):
                return Response.json({"account_id": self.account_id, "auth_method": "api_key_user", "auth_data": "1"})
            case ("GET", "users", "me"):
                return Response.json({"id": self.account_id, "email": "dev@wavepoint.example", "login": "dev"})
            case ("GET", "projects"):
                return Response.json({"projects": [self._project()], "pagination": {"cursor": self.project_id}})
            case ("GET", "api_keys"):
                return Response.json([{"id": n, "name": v} for n, v in enumerate(self.api_keys.values(), 1)])
            case ("POST", "api_keys"):
                name = str((request.data or {}).get("key_name", ""))
                return Response.json({"id": len(self.api_keys) + 1, "key": self.new_api_key(name), "name": name})
            case ("DELETE", "api_keys", id) if id.isdigit() and 0 < int(id) <= len(self.api_keys):
                key = list(self.api_keys)[int(id) - 1]
                return Response.json({"id": int(id), "name": self.api_keys.pop(key), "revoked": True})
            case (_, "projects", self.project_id, *rest):
                return self._in_project(request, rest)
        return _error(404, "", "not found")

    def _in_project(self, request: Request, rest: list[str]) -> Response:
        match (request.method, *rest):
            case ("GET",):
                return Response.json({"project": self._project()})
            case ("GET", "endpoints"):
                return Response.json({"endpoints": [_endpoint(branch) for branch in self.branches]})
            case ("GET", "connection_uri"):
                branch = self._branch(request.query.get("branch_id", self.main.id))
                if branch is None:
                    return _error(404, "", "branch not found")
                return Response.json({"uri": self.url(branch, pooled=request.query.get("pooled") == "true")})
            case ("GET", "operations", id) if id in self._operations:
                return Response.json({"operation": self._operation(id)})
            case ("GET", "branches"):
                return Response.json({"branches": [self._shown(branch) for branch in self.branches]})
            case ("POST", "branches"):
                return self._new_branch(request.data or {})
            case (_, "branches", id, *more) if (branch := self._branch(id)) is not None:
                return self._in_branch(request, branch, more)
        return _error(404, "", "not found")

    def _in_branch(self, request: Request, branch: Branch, rest: list[str]) -> Response:
        role = {"branch_id": branch.id, "name": self.role, "protected": False}
        match (request.method, *rest):
            case ("GET",):
                return Response.json({"branch": self._shown(branch)})
            case ("DELETE",) if branch.default or branch.protected:
                return _error(422, "", "the branch is default or protected and cannot be deleted")
            case ("DELETE",):
                self.branches.remove(branch)
                return Response.json({"branch": self._shown(branch), "operations": []})
            case ("GET", "databases"):
                return Response.json({"databases": [{"name": self.database, "owner_name": self.role}]})
            case ("GET", "endpoints"):
                return Response.json({"endpoints": [_endpoint(branch)]})
            case ("GET", "roles"):
                return Response.json({"roles": [role]})
            case ("GET", "roles", self.role):
                return Response.json({"role": role})
            case ("GET", "roles", self.role, "reveal_password"):
                return Response.json({"password": branch.passwords[-1]})
            case ("POST", "roles", self.role, "reset_password"):
                branch.passwords.append(new_password())
                id = f"{hexa(8)}-{hexa(4)}-4{hexa(3)}-8{hexa(3)}-{hexa(12)}"
                self._operations[id] = (branch, 1)
                operation = {"id": id, "action": "apply_config", "status": "running", "project_id": self.project_id}
                role["password"] = branch.passwords[-1]
                return Response.json({"role": role, "operations": [operation]})
        return _error(404, "", "not found")

    def _operation(self, id: str) -> dict[str, Any]:
        """Say how far it is: running when first asked, then finished, and the old password is dead."""
        branch, left = self._operations[id]
        self._operations[id] = (branch, left - 1)
        if left <= 0:
            del branch.passwords[:-1]
        status = "running" if left > 0 else "finished"
        return {"id": id, "action": "apply_config", "status": status, "project_id": self.project_id}

    def _new_branch(self, wish: dict[str, Any]) -> Response:
        about = wish.get("branch") or {}
        parent = about.get("parent_id") or self.main.id
        if self._branch(parent) is None:
            return _error(404, "", "parent branch not found")
        branch = Branch(about.get("name") or f"br-{lower(8)}", parent, expires_at=about.get("expires_at"))
        self.branches.append(branch)
        body: dict[str, Any] = {"branch": self._shown(branch), "operations": [], "endpoints": [], "roles": []}
        if wish.get("endpoints"):
            body |= {"endpoints": [_endpoint(branch)], "connection_uris": [{"connection_uri": self.url(branch)}]}
        return Response.json(body, 201)

    def _branch(self, id: str) -> Branch | None:
        return next((branch for branch in self.branches if branch.id == id), None)

    def _project(self) -> dict[str, Any]:
        return {"id": self.project_id, "name": self.project_name, "region_id": "aws-us-east-1", "pg_version": 17}

    def _shown(self, branch: Branch) -> dict[str, Any]:
        shown = {
            "id": branch.id,
            "project_id": self.project_id,
            "name": branch.name,
            "parent_id": branch.parent,
            "current_state": "ready",
            "default": branch.default,
            "primary": branch.default,
            "protected": branch.protected,
        }
        if branch.parent is None:
            del shown["parent_id"]
        return shown | ({"expires_at": branch.expires_at} if branch.expires_at else {})


def new_password() -> str:
    """Return a password of the shape that Neon makes."""
    return f"npg_{alnum(12)}"


def _words() -> str:
    first = ("wispy", "quiet", "royal", "shiny", "snowy", "ancient", "bold", "calm")
    second = ("river", "tree", "meadow", "shore", "wave", "breeze", "grass", "cloud")
    return f"{first[number(len(first))]}-{second[number(len(second))]}-{digits(8)}"


def _endpoint(branch: Branch) -> dict[str, Any]:
    return {
        "id": branch.endpoint,
        "host": branch.host,
        "branch_id": branch.id,
        "type": "read_write",
        "current_state": "idle",
        "disabled": branch.disabled,
    }


def _error(status: int, code: str, message: str) -> Response:
    return Response.json({"request_id": f"{hexa(8)}-{hexa(4)}", "code": code, "message": message}, status)


def _statements(data: Any) -> tuple[bool, list[Statement]]:
    """Return whether it is a batch, and its statements."""
    if not isinstance(data, dict):
        raise SqlError("could not parse the body as JSON")
    many = "queries" in data
    found = data["queries"] if many else [data]
    return many, [(one["query"], [_parameter(p) for p in one.get("params", [])]) for one in found]


def _parameter(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _result(table: Table, *, arrays: bool) -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "dataTypeID": oid,
            "tableID": 0,
            "columnID": 0,
            "dataTypeSize": -1,
            "dataTypeModifier": -1,
            "format": "text",
        }
        for name, oid in table.columns
    ]
    names = [name for name, _ in table.columns]
    rows: list[Any] = table.rows if arrays else [dict(zip(names, row, strict=True)) for row in table.rows]
    return {"command": table.command, "rowCount": table.count, "rows": rows, "fields": fields, "rowAsArray": arrays}
