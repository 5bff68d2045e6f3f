"""The plan as a comment on the merge request whose pipeline this runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wizard.cli.plan_markdown import plan_markdown
from wizard.core.addresses import same
from wizard.core.changes import Plan
from wizard.core.errors import UsageError
from wizard.core.secrets import redact
from wizard.profile.model import Profile
from wizard.systems.gitlab import GitLab

_VARIABLES = ("CI_SERVER_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """A merge request of the profile's GitLab."""

    project: str
    number: int


def merge_request_of(profile: Profile, environ: Mapping[str, str]) -> MergeRequest:
    """The merge request whose pipeline this is.

    Raises: UsageError, where there is none, or it is on another GitLab: the token
        for the one is not for the other.
    """
    missing = [name for name in _VARIABLES if not environ.get(name)]
    if missing or not environ["CI_MERGE_REQUEST_IID"].isdecimal():
        raise UsageError(
            "There is no merge request to comment on.",
            f"GitLab sets {', '.join(_VARIABLES)} in a pipeline of one; "
            f"missing: {', '.join(missing) or 'a number'}",
            "Run it in such a pipeline, or print the comment with --markdown",
        )
    server = environ["CI_SERVER_URL"]
    if not same(server, profile.gitlab.url):
        raise UsageError(
            f"The merge request is on {server}, and the profile's GitLab is {profile.gitlab.url}.",
            "the token for one GitLab is not sent to another",
            "Print the comment with --markdown, and write it with a token of that GitLab",
        )
    return MergeRequest(environ["CI_PROJECT_ID"], int(environ["CI_MERGE_REQUEST_IID"]))


def comment_on(request: MergeRequest, gitlab: GitLab, plan: Plan, profile: str) -> str:
    """Write the plan's comment, in place of the one that an earlier pipeline wrote.

    Args:
        profile: its file, as it was named; each profile has a comment of its own.

    Returns what was done, for people. Raises: WizardError, from GitLab.
    """
    beginning = f"<!-- runner-wizard: {profile.replace('--', '- -')} -->"
    text = redact(plan_markdown(plan, profile))
    is_new = gitlab.comment(request.project, request.number, beginning, text)
    what = "commented on" if is_new else "brought the comment up to date on"
    return f"{what} merge request !{request.number}"
