"""Comments on merge requests: one of ours is found again and written again, not added to."""

from __future__ import annotations

from urllib.parse import quote

from wizard.core.errors import NotAllowedError
from wizard.systems.gitlab.errors import Call
from wizard.systems.gitlab.pages import all_rows
from wizard.systems.gitlab.transport import Transport

_WRITES = "api"
_ROLE = "the role Reporter or more of its project"


class CommentCalls:
    """The part of `GitLab` about comments on merge requests."""

    _transport: Transport

    def comment(self, project: str, merge_request: int, beginning: str, text: str) -> bool:
        call = Call(f"comment on merge request !{merge_request}", _WRITES, _ROLE)
        path = f"/projects/{quote(project, safe='')}/merge_requests/{merge_request}/notes"
        body = {"body": f"{beginning}\n{text}"}
        for row in all_rows(self._transport, call, path, sort="asc", order_by="created_at"):
            if not str(row.get("body", "")).startswith(beginning) or row.get("system"):
                continue
            try:
                self._transport.send(call, "put", f"{path}/{row['id']}", body)
            except NotAllowedError:  # another's, who began like this
                continue
            return False
        self._transport.send(call, "post", path, body)
        return True
