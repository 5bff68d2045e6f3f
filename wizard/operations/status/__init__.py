"""`status`: one look at everything a profile names, as plain records.

Every front end shows the same `Status`; what is in it was asked now, and nothing is remembered.
"""

from wizard.operations.status.look import look, look_at
from wizard.operations.status.nouns import Remark, RunnerStatus, State, Status
from wizard.operations.status.reaching import Reached, reach
from wizard.operations.status.text import status_data, status_text

__all__ = [
    "Reached",
    "Remark",
    "RunnerStatus",
    "State",
    "Status",
    "look",
    "look_at",
    "reach",
    "status_data",
    "status_text",
]
