"""From a `.gitlab-ci.yml` to jobs, and from a job to what a runner is handed.

The shape of the hand-over is the one gitlab-runner 19 reads (its common/spec/spec.go).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.fakes.gitlab.http import RefusalError
from tests.fakes.gitlab.state import Job, Pipeline, Project, State, User

CI_FILE = ".gitlab-ci.yml"
_GLOBAL = {"stages", "variables", "default", "workflow", "include", "image", "before_script"}
_STAGES = [".pre", "build", "test", "deploy", ".post"]
_FAILURES = [
    "configuration_error",
    "image_pull_failure",
    "job_execution_timeout",
    "runner_system_failure",
    "runner_unsupported",
    "script_failure",
    "unknown_failure",
]
ENDED = {"success", "failed", "canceled", "skipped"}


def base_error(text: str) -> RefusalError:
    return RefusalError(400, {"message": {"base": [text]}})


def new_pipeline(state: State, project: Project, ref: str, source: str) -> Pipeline:
    """A pipeline for the tip of a branch, its first stage pending.

    Raises: RefusalError, as `POST /projects/:id/pipeline` words it.
    """
    sha = project.branches.get(ref)
    if sha is None:
        raise base_error("Reference not found")
    if not project.ci_enabled:
        raise RefusalError(403, {"message": "403 Forbidden"})
    file = project.ci_config_path or CI_FILE
    if file not in state.trees[sha]:
        raise base_error("Missing CI config file")
    now = state.clock.now()
    pipeline = Pipeline(state.new_id(), project, ref, sha, source, now)
    if state.fails_at_birth:
        pipeline.failure = state.fails_at_birth
        state.pipelines[pipeline.id] = pipeline
        return pipeline
    config = _parsed(project.imposed_ci or state.trees[sha][file])
    for name, stage, spec in _jobs(config):
        job = Job(state.new_id(), name, stage, pipeline, spec, now, tags=spec["tags"])
        pipeline.jobs.append(job)
    if not pipeline.jobs:
        raise base_error(
            "The resulting pipeline would have been empty. Review the rules configuration."
        )
    state.pipelines[pipeline.id] = pipeline
    state.jobs |= {job.id: job for job in pipeline.jobs}
    go_on(state, pipeline)
    return pipeline


def _parsed(text: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        raise base_error("Invalid configuration format") from None
    if not isinstance(config, dict):
        raise base_error("Invalid configuration format")
    return config


def _jobs(config: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    default = config.get("default") or {}
    stages = [".pre", *config["stages"], ".post"] if "stages" in config else _STAGES
    jobs = []
    for name, job in config.items():
        if name in _GLOBAL or name.startswith(".") or "script" not in job:
            continue
        merged = {"image": config.get("image")} | default | job
        spec = {
            "script": _lines(merged.get("before_script")) + _lines(merged["script"]),
            "after_script": _lines(merged.get("after_script")),
            "image": merged.get("image"),
            "tags": list(merged.get("tags") or ()),
            "variables": (config.get("variables") or {}) | (job.get("variables") or {}),
        }
        jobs.append((name, merged.get("stage", "test"), spec))
    return sorted(jobs, key=lambda entry: stages.index(entry[1]))


def _lines(script: Any) -> list[str]:
    return [script] if isinstance(script, str) else list(script or ())


def go_on(state: State, pipeline: Pipeline) -> None:
    """Make the next stage pending when all before it succeeded, or skip the rest."""
    stage = ""
    for job in pipeline.jobs:
        if job.status in {"failed", "canceled"}:
            stage = "none runs after a failure"
        if job.status != "created":
            continue
        before = pipeline.jobs[: pipeline.jobs.index(job)]
        waiting = any(o.stage != job.stage and o.status not in ENDED for o in before)
        if stage:
            job.status = "skipped"
        elif not waiting:
            job.status = "pending"
            state.queue_tick += 1


def payload(fake: Any, job: Job) -> dict[str, Any]:
    """What `POST /jobs/request` answers with."""
    project, runner = job.pipeline.project, job.runner
    assert runner is not None
    timeout = min(3600, runner.maximum_timeout or 3600)
    protected = job.pipeline.ref in project.protected_branches
    return {
        "id": job.id,
        "token": job.token,
        "allow_git_fetch": True,
        "job_info": {
            "id": job.id,
            "name": job.name,
            "stage": job.stage,
            "pipeline_id": job.pipeline.id,
            "project_id": project.id,
            "project_name": project.name,
            "project_full_path": project.path,
            "namespace_id": 1,
            "root_namespace_id": 1,
            "organization_id": 1,
            "instance_id": "fake",
            "instance_uuid": "fake",
            "user_id": runner.creator.id,
            "time_in_queue_seconds": 0,
            "project_jobs_running_on_instance_runners_count": "0",
            "queue_size": 0,
            "queue_depth": 0,
        },
        "git_info": {
            "repo_url": f"{fake.external_url}/{project.path}.git",
            "repo_object_format": "sha1",
            "ref": job.pipeline.ref,
            "sha": job.pipeline.sha,
            "before_sha": "0" * 40,
            "ref_type": "branch",
            "refspecs": [f"+refs/pipelines/{job.pipeline.id}:refs/pipelines/{job.pipeline.id}"],
            "depth": 20,
            "protected": protected,
        },
        "runner_info": {"uuid": "fake", "timeout": timeout, "runner_session_url": None},
        "inputs": [],
        "variables": _variables(fake, job, runner.creator),
        "steps": _steps(job, timeout),
        "image": _image(job.spec["image"]),
        "services": [],
        "artifacts": [],
        "cache": [],
        "credentials": [],
        "dependencies": [],
        "hooks": [],
        "features": {
            "trace_sections": True,
            "token_mask_prefixes": ["glpat-", "glrt-", "glcbt-"],
            "failure_reasons": _FAILURES,
        },
        "policy_options": {"execution_policy_job": False, "policy_name": ""},
    }


def _steps(job: Job, timeout: int) -> list[dict[str, Any]]:
    steps = [("script", job.spec["script"], "on_success", False)]
    if job.spec["after_script"]:
        steps.append(("after_script", job.spec["after_script"], "always", True))
    return [
        {"name": name, "script": script, "timeout": timeout, "when": when, "allow_failure": allow}
        for name, script, when, allow in steps
    ]


def _image(image: Any) -> dict[str, Any] | None:
    if not image:
        return None
    given = {"name": image} if isinstance(image, str) else image
    entrypoint = given.get("entrypoint")
    return {"name": given["name"], "entrypoint": entrypoint, "executor_opts": {}}


def _variables(fake: Any, job: Job, user: User) -> list[dict[str, Any]]:
    project, pipeline, url = job.pipeline.project, job.pipeline, urlsplit(fake.external_url)
    predefined = {
        "CI": "true",
        "GITLAB_CI": "true",
        "GITLAB_USER_LOGIN": user.username,
        "CI_API_V4_URL": f"{fake.external_url}/api/v4",
        "CI_COMMIT_BRANCH": pipeline.ref,
        "CI_COMMIT_REF_NAME": pipeline.ref,
        "CI_COMMIT_REF_SLUG": pipeline.ref.lower().replace("/", "-"),
        "CI_COMMIT_SHA": pipeline.sha,
        "CI_COMMIT_SHORT_SHA": pipeline.sha[:8],
        "CI_DEFAULT_BRANCH": project.default_branch or "",
        "CI_JOB_ID": str(job.id),
        "CI_JOB_NAME": job.name,
        "CI_JOB_STAGE": job.stage,
        "CI_PIPELINE_ID": str(pipeline.id),
        "CI_PIPELINE_SOURCE": pipeline.source,
        "CI_PROJECT_ID": str(project.id),
        "CI_PROJECT_NAME": project.name,
        "CI_PROJECT_NAMESPACE": project.namespace,
        "CI_PROJECT_PATH": project.path,
        "CI_PROJECT_URL": f"{fake.external_url}/{project.path}",
        "CI_RUNNER_ID": str(job.runner.id if job.runner else 0),
        "CI_SERVER_HOST": url.hostname or "",
        "CI_SERVER_URL": fake.external_url,
    }
    secret = [_variable("CI_JOB_TOKEN", job.token, masked=True)]
    written = {key: str(value) for key, value in job.spec["variables"].items()}
    return secret + [_variable(key, value) for key, value in (predefined | written).items()]


def _variable(key: str, value: str, *, masked: bool = False) -> dict[str, Any]:
    return {
        "key": key, "value": value, "public": not masked, "masked": masked, "file": False,
        "raw": False,
    }  # fmt: skip
