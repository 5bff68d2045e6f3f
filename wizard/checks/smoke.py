"""Whether a smoke job can prove a runner without a side effect on its project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from wizard.checks.connected import Connected
from wizard.core.errors import NotAllowedError, NotFoundError, WizardError
from wizard.core.facts import Scope
from wizard.core.findings import Check, Finding, Verdict
from wizard.profile.runner import Runner
from wizard.systems.gitlab import GitLab, Project

MARK = "runner-wizard-smoke-"
"""How the tag of a smoke job begins, and its branch, which has the same name."""
MESSAGE = "Prove that a GitLab runner works [skip ci]\n\nThis branch removes itself."
"""The commit's: GitLab starts nothing for a push that says so; our pipeline is started apart."""
_MOST_TAGS = 50


def conditions(connected: Connected) -> Iterator[Check]:
    """Why a runner would end online, but unproven."""
    if not connected.run.smoke:
        return
    for runner in connected.pending.runners:
        asked = f"a job can prove {runner.name}"
        if why := _why_not(connected, runner):
            problem = f"{runner.name} will be online, but unproven: {why}"
            yield Check(asked, Verdict.WARN, Finding(problem))
        else:
            yield Check(asked, Verdict.OK)


def _why_not(connected: Connected, runner: Runner) -> str:
    identity = connected.identity
    if why := why_not_this_runner(runner):
        return why
    if identity and identity.may("api") is False:
        return NO_SCOPE
    return why_not_this_project(connected.signed_in, connected.scope(runner))


NO_SCOPE = "the token's scopes do not allow starting a pipeline; api would"


def why_not_this_runner(runner: Runner) -> str:
    """Why a runner, as the profile has it, can take no smoke job; empty where it can."""
    if runner.scope.kind != "project":
        return f"a smoke job needs a project, and this is a runner of a {runner.scope.kind}"
    if runner.protected:
        return "it takes jobs of protected branches only"
    if len(runner.tags) >= _MOST_TAGS:
        return f"it has {len(runner.tags)} tags, and a smoke job needs one more than GitLab allows"
    return "it is paused" if runner.paused else ""


def why_not_this_project(gitlab: GitLab, scope: Scope, branch: str = f"{MARK}0000") -> str:
    """Why a smoke job could not run in a project without side effects; empty where it can.

    Args:
        branch: the name that its branch has, or one like it.
    """
    project = gitlab.project(scope.id)
    if project.archived:
        return f"{scope.path} is archived"
    if not project.readable:
        return (
            f"this token may not read the code of {scope.path}, so which file defines its "
            "pipelines is not known, and another pipeline than ours might run"
        )
    if not project.default_branch:
        return f"{scope.path} has no commit yet to branch from"
    if not project.ci_enabled:
        return f"CI/CD is switched off in {scope.path}"
    if is_elsewhere(project):
        return (
            f"the pipelines of {scope.path} are defined elsewhere ({project.ci_config_path}), "
            "and one of those would run instead of ours"
        )
    return _why_not_this_branch(gitlab, scope, branch)


def is_elsewhere(project: Project) -> bool:
    """Whether pipelines are defined by no file of the project: an address, or `FILE@PROJECT`."""
    return "://" in project.ci_config_path or "@" in project.ci_config_path


def _why_not_this_branch(gitlab: GitLab, scope: Scope, branch: str) -> str:
    try:
        protected = gitlab.protected_branches(scope.id)
        rule = gitlab.push_rule(scope.id)
    except (NotAllowedError, NotFoundError):
        return ""  # not for us to see; the push is the test, and starts nothing
    if pattern := next((one for one in protected if fnmatchcase(branch, one)), ""):
        return f"every branch like {branch} is protected in {scope.path} (by {pattern})"
    if not _fits(rule.branch_name, branch):
        return f"a push rule of {scope.path} wants other names of branches: {rule.branch_name}"
    if not _fits(rule.commit_message, MESSAGE):
        return f"a push rule of {scope.path} wants other commit messages: {rule.commit_message}"
    return ""


def _fits(pattern: str, text: str) -> bool:
    """Whether a push rule lets a text through; one that Python cannot read is GitLab's to judge."""
    try:
        return not pattern or re.search(pattern, text) is not None
    except re.error:
        return True


class NoSmokeJobError(WizardError):
    """A smoke job could not be run; the runner is online, and unproven."""
