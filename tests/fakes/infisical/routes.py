"""The calls of the fake, with the words that the real server was heard to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.infisical import state
from tests.fakes.infisical.state import Identity, Project, Secret, Token, Version

if TYPE_CHECKING:
    from tests.fakes.infisical.fake import FakeInfisical

Json = dict[str, Any]


class RefusalError(Exception):
    def __init__(self, status: int, message: Any, error: str, **more: Any) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.body = {
            "reqId": "req-" + state.new_id()[:12],
            "statusCode": status,
            "message": message,
            "error": error,
            **more,
        }


@dataclass
class Request:
    """One call: `given` is its query and body together, `names` what the path holds."""

    method: str
    path: str
    given: Json
    names: dict[str, str]
    authorization: str
    identity: Identity | None = None

    def needed(self, name: str) -> str:
        value = self.given.get(name)
        if isinstance(value, str):
            return value
        received = "undefined" if value is None else type(value).__name__
        issue = {
            "code": "invalid_type",
            "expected": "string",
            "received": received,
            "path": [name],
            "message": "Required" if value is None else f"Expected string, received {received}",
        }
        raise RefusalError(422, [issue], "ValidationFailure")


Handler = Callable[["FakeInfisical", Request], Json]
ROUTES: list[tuple[str, re.Pattern[str], Handler, bool, bool]] = []


def _on(
    method: str, template: str, *, signed: bool = True, modern: bool = False
) -> Callable[[Handler], Handler]:
    pattern = re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", template))

    def add(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler, signed, modern))
        return handler

    return add


def answer(fake: FakeInfisical, request: Request) -> Json:
    """Raises: RefusalError."""
    for method, pattern, handler, signed, modern in ROUTES:
        found = pattern.fullmatch(request.path)
        if method != request.method or not found or (modern and fake.legacy):
            continue
        request.names = found.groupdict()
        if signed:
            request.identity = _admit(fake, request)
        return handler(fake, request)
    refusal = RefusalError(404, f"Route {request.method}:{request.path} not found", "Not Found")
    del refusal.body["reqId"]
    raise refusal


def _admit(fake: FakeInfisical, request: Request) -> Identity:
    value = request.authorization.removeprefix("Bearer ")
    if not request.authorization:
        raise RefusalError(401, "Token missing", "UnauthorizedError")
    token = fake.tokens.get(value)
    if token is None:
        message = "The provided access token is malformed. Please re-authenticate."
        raise RefusalError(403, message, "TokenError")
    if token.revoked:
        message = "Failed to authorize: token has been revoked"
        raise RefusalError(401, message, "UnauthorizedError")
    if token.expires_at <= fake.clock.now():
        raise RefusalError(403, "Your token has expired. Please re-authenticate.", "TokenError")
    return token.identity


@_on("GET", "/api/status", signed=False)
def _status(fake: FakeInfisical, _: Request) -> Json:
    return {"date": fake.clock.text(), "message": "Ok", "emailConfigured": False}


@_on("POST", "/api/v1/auth/universal-auth/login", signed=False)
def _login(fake: FakeInfisical, request: Request) -> Json:
    client_id, secret = request.needed("clientId"), request.needed("clientSecret")
    identity = fake.identities.get(client_id)
    if identity is None:
        raise RefusalError(401, "Invalid credentials", "UnauthorizedError")
    now = fake.clock.now()
    if secret != identity.client_secret:
        recent = [one for one in identity.bad_secrets if now - one < state.LOCK_WITHIN]
        identity.bad_secrets = [*recent, now]
        if len(identity.bad_secrets) >= state.LOCK_AFTER:
            identity.locked_until = now + state.LOCK_FOR
    if identity.locked_until > now:
        message = "This identity auth method is temporarily locked, please try again later"
        raise RefusalError(401, message, "UnauthorizedError")
    if secret != identity.client_secret:
        raise RefusalError(401, "Invalid credentials", "UnauthorizedError")
    value = fake.new_token()
    fake.tokens[value] = Token(identity, now + identity.token_lifetime)
    return {
        "accessToken": value,
        "expiresIn": identity.token_lifetime,
        "accessTokenMaxTTL": identity.token_lifetime,
        "tokenType": "Bearer",
    }


@_on("POST", "/api/v1/auth/token/revoke", signed=False)
def _revoke(fake: FakeInfisical, request: Request) -> Json:
    token = fake.tokens.get(request.needed("accessToken"))
    if token is None:
        raise RefusalError(403, "The provided access token is malformed.", "TokenError")
    token.revoked = True
    return {"message": "Successfully revoked access token"}


@_on("GET", "/api/v1/projects/slug/:slug", modern=True)
@_on("GET", "/api/v1/workspace/slug/:slug")
def _project_by_slug(fake: FakeInfisical, request: Request) -> Json:
    return _project_json(_by_slug(fake, request, request.names["slug"]))


@_on("GET", "/api/v1/projects/:id", modern=True)
def _project_by_id(fake: FakeInfisical, request: Request) -> Json:
    return {"project": _project_json(_project(fake, request, request.names["id"]))}


@_on("GET", "/api/v1/workspace/:id")
def _workspace_by_id(fake: FakeInfisical, request: Request) -> Json:
    return {"workspace": _project_json(_project(fake, request, request.names["id"]))}


@_on("POST", "/api/v2/folders", modern=True)
@_on("POST", "/api/v1/folders")
def _make_folder(fake: FakeInfisical, request: Request) -> Json:
    project = _named_project(fake, request)
    environment, name = request.needed("environment"), request.needed("name")
    parent = str(request.given.get("path") or "/").rstrip("/")
    _may_write(request, project, "create", "secret-folders")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        allowed = "Only alphanumeric characters, dashes, and underscores are allowed."
        message = f"Invalid folder name. {allowed}"
        issue = {"code": "custom", "path": ["name"], "message": message}
        raise RefusalError(422, [issue], "ValidationFailure")
    if environment not in project.environments:
        message = f"Environment with slug '{environment}' in project with ID {project.id} not found"
        raise RefusalError(404, message, "CreateFolder")
    path = f"{parent}/{name}"
    if not project.add_folder(environment, path):
        message = f"Folder with name '{name}' already exists in path '{parent or '/'}'"
        raise RefusalError(400, message, "BadRequest")
    return {"folder": {"id": state.new_id(), "name": name, "version": 1, "path": path}}


@_on("GET", "/api/v2/folders", modern=True)
def _folders(fake: FakeInfisical, request: Request) -> Json:
    project = _named_project(fake, request)
    environment = request.needed("environment")
    path = str(request.given.get("path") or "/").rstrip("/")
    inside = [
        folder.removeprefix(f"{path}/")
        for known, folder in sorted(project.folders)
        if known == environment and folder.rpartition("/")[0] == path
    ]
    return {"folders": [{"name": name} for name in inside]}


@_on("GET", "/api/v4/secrets/:name", modern=True)
@_on("GET", "/api/v3/secrets/raw/:name")
def _read(fake: FakeInfisical, request: Request) -> Json:
    project = _named_project(fake, request)
    environment, folder = _place(request, project, "GetSecretByName")
    name = request.names["name"]
    secret = project.secrets.get((environment, folder, name))
    if secret is None:
        raise RefusalError(404, f"Secret with name '{name}' not found", "NotFound")
    version = int(request.given.get("version") or len(secret.versions))
    return {"secret": _secret_json(request, project, secret, version) | {"secretPath": folder}}


@_on("GET", "/api/v4/secrets", modern=True)
@_on("GET", "/api/v3/secrets/raw")
def _list(fake: FakeInfisical, request: Request) -> Json:
    project = _named_project(fake, request)
    place = _place(request, project, "GetSecrets")
    shown = [
        _secret_json(request, project, one, len(one.versions)) | {"secretKey": key[2]}
        for key, one in project.secrets.items()
        if key[:2] == place
    ]
    return {"secrets": shown, "imports": []}


@_on("POST", "/api/v4/secrets/:name", modern=True)
@_on("POST", "/api/v3/secrets/raw/:name")
def _create(fake: FakeInfisical, request: Request) -> Json:
    value = request.needed("secretValue")
    project = _named_project(fake, request)
    _may_write(request, project, "create", "secrets")
    key = (*_place(request, project, "CreateSecret"), request.names["name"])
    if key in project.secrets:
        raise RefusalError(400, "Secret already exists", "BadRequest")
    if waiting := _wait_for_approval(request, project):
        return waiting
    now = fake.clock.text()
    noted = request.given.get("secretMetadata") or []
    secret = Secret(state.new_id(), now, [Version(trimmed(value), now, noted)])
    project.secrets[key] = secret
    return {"secret": _secret_json(request, project, secret, 1)}


@_on("PATCH", "/api/v4/secrets/:name", modern=True)
@_on("PATCH", "/api/v3/secrets/raw/:name")
def _change(fake: FakeInfisical, request: Request) -> Json:
    project = _named_project(fake, request)
    _may_write(request, project, "edit", "secrets")
    secret = _existing(request, project, "UpdateSecret")
    if waiting := _wait_for_approval(request, project):
        return waiting
    value = request.given.get("secretValue", secret.versions[-1].value)
    noted = request.given.get("secretMetadata", secret.versions[-1].metadata)
    secret.versions.append(Version(trimmed(value), fake.clock.text(), noted))
    return {"secret": _secret_json(request, project, secret, len(secret.versions))}


@_on("DELETE", "/api/v4/secrets/:name", modern=True)
@_on("DELETE", "/api/v3/secrets/raw/:name")
def _delete(fake: FakeInfisical, request: Request) -> Json:
    project = _named_project(fake, request)
    _may_write(request, project, "delete", "secrets")
    secret = _existing(request, project, "DeleteSecret")
    if waiting := _wait_for_approval(request, project):
        return waiting
    del project.secrets[(*_place(request, project, "DeleteSecret"), request.names["name"])]
    return {"secret": _secret_json(request, project, secret, len(secret.versions))}


def trimmed(value: str) -> str:
    """Values are trimmed, but a single newline at the end is kept."""
    return value.strip() + ("\n" if value.endswith("\n") else "")


def _named_project(fake: FakeInfisical, request: Request) -> Project:
    legacy = "/v3/" in request.path or "/v1/" in request.path
    if legacy and not request.given.get("workspaceId") and request.given.get("workspaceSlug"):
        # How External Secrets names it (its client, infisical/go-sdk 0.8, sends an empty id too).
        return _by_slug(fake, request, str(request.given["workspaceSlug"]))
    return _project(fake, request, request.needed("workspaceId" if legacy else "projectId"))


def _by_slug(fake: FakeInfisical, request: Request, slug: str) -> Project:
    project = next((one for one in fake.projects.values() if one.slug == slug), None)
    if project is None:
        raise RefusalError(404, f"Project with slug '{slug}' not found", "NotFound")
    _role(request, project)
    return project


def _project(fake: FakeInfisical, request: Request, project_id: str) -> Project:
    project = fake.projects.get(project_id)
    if project is None:
        message = (
            f"Project with ID '{project_id}' not found during bot lookup. Are you sure you are "
            "using the correct project ID?"
        )
        raise RefusalError(404, message, "NotFound")
    _role(request, project)
    return project


def _role(request: Request, project: Project) -> str:
    assert request.identity
    role = request.identity.roles.get(project.id, "")
    if not role:
        message = (
            f"You are not a member of this project with ID {project.id}. Please assign this "
            "identity to the project"
        )
        raise RefusalError(403, message, "ProjectMembershipNotFound")
    return role


def _may_write(request: Request, project: Project, action: str, what: str) -> None:
    if _role(request, project) == "viewer":
        message = f"You are not allowed to {action} on {what}"
        raise RefusalError(403, message, "PermissionDenied", details=[])


def _place(request: Request, project: Project, error: str) -> tuple[str, str]:
    environment = request.needed("environment")
    folder = str(request.given.get("secretPath") or "/").rstrip("/") or "/"
    if not project.has_folder(environment, folder):
        # An environment that is missing is told in the same words.
        message = f"Folder with path '{folder}' in environment with slug '{environment}' not found"
        raise RefusalError(404, message, error)
    return environment, folder


def _existing(request: Request, project: Project, error: str) -> Secret:
    name = request.names["name"]
    secret = project.secrets.get((*_place(request, project, error), name))
    if secret is None:
        raise RefusalError(404, f"Secret with name {name} not found", "NotFound")
    return secret


def _wait_for_approval(request: Request, project: Project) -> Json | None:
    folder = request.needed("secretPath")
    if not any(f"{folder}/".startswith(f"{covered}/") for covered in project.approval_folders):
        return None
    project.approvals.append((request.method, request.given))
    return {"approval": {"id": state.new_id(), "status": "open", "hasMerged": False}}


def _project_json(project: Project) -> Json:
    environments = [{"id": state.new_id(), "name": s, "slug": s} for s in project.environments]
    return {
        "id": project.id,
        "_id": project.id,
        "name": project.slug,
        "slug": project.slug,
        "type": "secret-manager",
        "environments": environments,
    }


def _secret_json(request: Request, project: Project, secret: Secret, version: int) -> Json:
    assert request.identity
    hidden = not request.identity.sees_values
    kept = secret.versions[version - 1]
    return {
        "id": secret.id,
        "_id": secret.id,
        "workspace": project.id,
        "environment": request.given["environment"],
        "version": version,
        "type": "shared",
        "secretKey": request.names.get("name", ""),
        "secretValue": "<hidden-by-infisical>" if hidden else kept.value,
        "secretValueHidden": hidden,
        "secretComment": "",
        "secretMetadata": kept.metadata,
        "skipMultilineEncoding": False,
        "createdAt": secret.created_at,
        "updatedAt": kept.at,
    }
