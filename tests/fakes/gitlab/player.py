"""Plays a runner manager through the runner's own API, for tests without a gitlab-runner."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class RunnerPlayer:
    """One runner manager: its token, its system id, and what it says it is.

    Args:
        url: GitLab's address.
        token: runner authentication token.
        system_id: made up where none is given.
        version: the gitlab-runner it claims to be.
    """

    def __init__(self, url: str, token: str, system_id: str = "", version: str = "19.4.0") -> None:
        self.url, self.token = url, token
        self.ends_jobs = True
        """Whether a job that it has begun comes to an end."""
        self.system_id = system_id or f"r_{secrets.token_hex(6)}"
        self.info = {
            "name": "gitlab-runner",
            "version": version,
            "revision": "535ced5f",
            "platform": "linux",
            "architecture": "amd64",
            "executor": "kubernetes",
        }

    def verify(self) -> bool:
        """Whether GitLab knows the token; makes the manager known to it."""
        return self._call("POST", "/runners/verify", self._me())[0] == 200

    def request_job(self) -> dict[str, Any] | None:
        """Ask for a job once; None when there is none. Raises PermissionError for a dead token."""
        status, body = self._call("POST", "/jobs/request", self._me())
        if status == 403:
            raise PermissionError("GitLab refuses this runner token")
        return json.loads(body) if status == 201 else None

    def append_trace(self, job: dict[str, Any], text: str, offset: int = 0) -> int:
        """Send what the job printed from this byte on; the offset of the next call."""
        data = text.encode()
        end = offset + len(data)
        path = f"/jobs/{job['id']}/trace"
        headers = {"JOB-TOKEN": job["token"], "Content-Range": f"{offset}-{end - 1}"}
        status, _ = self._call("PATCH", path, data, headers)
        return end if status == 202 else offset

    def finish(self, job: dict[str, Any], state: str = "success", reason: str = "") -> int:
        """Say how the job ended; the status of the answer."""
        body = {"token": job["token"], "state": state, "failure_reason": reason}
        return self._call("PUT", f"/jobs/{job['id']}", body)[0]

    def work(self, state: str = "success", reason: str = "") -> dict[str, Any] | None:
        """Take one job, print what its `echo` lines say, and end it."""
        job = self.request_job()
        if job is not None:
            self.append_trace(job, self._printed(job))
            if self.ends_jobs:
                self.finish(job, state, reason)
        return job

    @contextmanager
    def working(self, every: float = 0.05) -> Iterator[RunnerPlayer]:
        """Verify, then work in the background until the block ends, as a manager's pod does."""
        over = threading.Event()

        def loop() -> None:
            # GitLab may be away, or the token dead: a manager goes on asking.
            with suppress(OSError):
                self.verify()
            while not over.is_set():
                with suppress(OSError):
                    self.work()
                over.wait(every)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _printed(self, job: dict[str, Any]) -> str:
        variables = {one["key"]: one["value"] for one in job["variables"]}
        lines = [f"Running with gitlab-runner {self.info['version']} on {self.system_id}"]
        for line in job["steps"][0]["script"]:
            lines.append(f"$ {line}")
            if line.startswith("echo "):
                said = line.removeprefix("echo ").strip("\"'")
                lines.append(
                    re.sub(r"\$\{?(\w+)\}?", lambda name: variables.get(name[1], ""), said)
                )
        return "\n".join([*lines, "Job succeeded", ""])

    def _me(self) -> dict[str, Any]:
        return {"token": self.token, "system_id": self.system_id, "info": self.info}

    def _call(
        self, method: str, path: str, body: dict[str, Any] | bytes, headers: Any = None
    ) -> tuple[int, bytes]:
        if isinstance(body, bytes):
            data, kind = body, "text/plain"
        else:
            data, kind = json.dumps(body).encode(), "application/json"
        url = f"{self.url}/api/v4{path}"
        request = Request(url, data, {"Content-Type": kind, **(headers or {})}, method=method)
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()
