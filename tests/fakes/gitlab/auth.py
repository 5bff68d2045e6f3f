"""Who is asking, and whether the token's scopes reach the route."""

from __future__ import annotations

from typing import Any

from tests.fakes.gitlab.http import RefusalError, Request, Route
from tests.fakes.gitlab.state import Token

_EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
_REVOKED = "Token was revoked. You have to re-authorize from the user."


def admit(fake: Any, request: Request, route: Route) -> None:
    """Sign the request, or refuse it in the words GitLab has for each reason."""
    if route.scopes is None:
        return
    request.token = token = _sign_in(fake, request)
    if token.kind == "granular":
        if route.permission not in token.permissions:
            raise RefusalError(403, _granular(route.permission))
    elif route.scopes == () and token.kind == "oauth":
        reason = "This endpoint requires token type to be a personal access token"
        raise RefusalError(400, {"message": f"400 Bad request - {reason}"})
    elif route.scopes and not set(route.scopes) & set(token.scopes):
        raise RefusalError(
            403,
            {
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by "
                "the access token.",
                "scope": " ".join(route.scopes),
            },
        )


def _sign_in(fake: Any, request: Request) -> Token:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    value = request.headers.get("PRIVATE-TOKEN", "")
    token = fake.state.tokens.get(bearer if scheme == "Bearer" else value)
    if token is None:
        raise RefusalError(401, {"message": "401 Unauthorized"})
    if token.revoked:
        raise RefusalError(401, {"error": "invalid_token", "error_description": _REVOKED})
    if token.expires_at and token.expires_at <= fake.state.clock.now().date():
        raise RefusalError(401, {"error": "invalid_token", "error_description": _EXPIRED})
    return token


def _granular(permission: str) -> dict[str, str]:
    return {
        "error": "insufficient_granular_scope",
        "error_description": "Access denied: Your Personal Access Token lacks the required "
        f"permissions: [{permission}].",
    }
