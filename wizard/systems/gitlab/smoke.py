"""What the smoke job needs: a branch with one commit, its pipeline, its jobs, and the way back."""

from __future__ import annotations

import re
from urllib.parse import quote

from wizard.core.errors import NotFoundError
from wizard.core.plain import plain
from wizard.systems.gitlab import answers
from wizard.systems.gitlab.errors import Call
from wizard.systems.gitlab.nouns import Job, Pipeline, Project, PushRule
from wizard.systems.gitlab.pages import PER_PAGE, all_rows
from wizard.systems.gitlab.transport import Transport
from wizard.systems.http.answers import each, record

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z \d\d[OE][+ ]?", re.MULTILINE)
_SECTION = re.compile(r"section_(?:start|end):\d+:[\w.-]+(?:\[[^]\n]{0,200}\])?")
_WRITES = "api"
_DEVELOPER = "the role Developer or more, and the right to push there"


class SmokeCalls:
    """The part of `GitLab` about branches, pipelines and jobs."""

    _transport: Transport

    def project(self, project_id: int) -> Project:
        call = Call(f"show project {project_id}")
        answer = self._transport.get(call, f"/projects/{project_id}")
        return answer.read(answers.project_settings)

    def protected_branches(self, project_id: int) -> tuple[str, ...]:
        call = Call(f"list the protected branches of project {project_id}")
        rows = all_rows(self._transport, call, f"/projects/{project_id}/protected_branches")
        return tuple(str(row["name"]) for row in rows)

    def push_rule(self, project_id: int) -> PushRule:
        call = Call(f"show the push rule of project {project_id}")
        try:
            answer = self._transport.get(call, f"/projects/{project_id}/push_rule")
        except NotFoundError:
            return PushRule()  # an edition or a licence without them
        return answer.read(answers.push_rule)

    def commit_file(
        self,
        project_id: int,
        branch: str,
        start_branch: str,
        path: str,
        content: str,
        message: str,
    ) -> str:
        call = Call(f"commit {path} to the new branch {branch}", _WRITES, _DEVELOPER)
        there = self._has_file(project_id, start_branch, path)
        action = {
            "action": "update" if there else "create",
            "file_path": path,
            "content": content,
        }
        answer = self._transport.send(
            call,
            "post",
            f"/projects/{project_id}/repository/commits",
            {
                "branch": branch,
                "start_branch": start_branch,
                "commit_message": message,
                "actions": [action],
            },
        )
        return answer.read(lambda fields: record(fields).text("id"))

    def _has_file(self, project_id: int, branch: str, path: str) -> bool:
        call = Call(f"look for {path} on {branch}", _WRITES, _DEVELOPER)
        where = f"/projects/{project_id}/repository/files/{quote(path, safe='')}"
        try:
            self._transport.get(call, where, ref=branch)
        except NotFoundError:
            return False
        return True

    def delete_branch(self, project_id: int, branch: str) -> None:
        call = Call(f"delete the branch {branch}", _WRITES, _DEVELOPER)
        where = f"/projects/{project_id}/repository/branches/{quote(branch, safe='')}"
        try:
            self._transport.send(call, "delete", where)
        except NotFoundError:
            return

    def create_pipeline(self, project_id: int, ref: str) -> Pipeline:
        call = Call(f"start a pipeline on {ref}", _WRITES, _DEVELOPER)
        answer = self._transport.send(
            call, "post", f"/projects/{project_id}/pipeline", {"ref": ref}
        )
        return answer.read(answers.pipeline)

    def pipeline(self, project_id: int, pipeline_id: int) -> Pipeline:
        call = Call(f"show pipeline {pipeline_id}")
        answer = self._transport.get(call, f"/projects/{project_id}/pipelines/{pipeline_id}")
        return answer.read(answers.pipeline)

    def find_pipelines(self, project_id: int, ref: str) -> list[Pipeline]:
        call = Call(f"list the pipelines of {ref}")
        answer = self._transport.get(
            call, f"/projects/{project_id}/pipelines", ref=ref, per_page=PER_PAGE
        )
        return answer.read(each(answers.pipeline))

    def cancel_pipeline(self, project_id: int, pipeline_id: int) -> None:
        call = Call(f"cancel pipeline {pipeline_id}", _WRITES, _DEVELOPER)
        try:
            self._transport.send(
                call, "post", f"/projects/{project_id}/pipelines/{pipeline_id}/cancel"
            )
        except NotFoundError:
            return

    def jobs(self, project_id: int, pipeline_id: int) -> list[Job]:
        call = Call(f"show the jobs of pipeline {pipeline_id}")
        answer = self._transport.get(
            call, f"/projects/{project_id}/pipelines/{pipeline_id}/jobs", per_page=PER_PAGE
        )
        return answer.read(each(answers.job))

    def job(self, project_id: int, job_id: int) -> Job:
        call = Call(f"show job {job_id}")
        answer = self._transport.get(call, f"/projects/{project_id}/jobs/{job_id}")
        return answer.read(answers.job)

    def trace(self, project_id: int, job_id: int) -> str:
        call = Call(f"show what job {job_id} printed")
        answer = self._transport.get(call, f"/projects/{project_id}/jobs/{job_id}/trace")
        return _printed(answer.body.decode("utf-8", "replace"))


def _printed(trace: str) -> str:
    """What a job printed, without the times, colours and section marks of gitlab-runner 19."""
    return _SECTION.sub("", plain(_TIME.sub("", trace)))
