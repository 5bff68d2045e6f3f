"""What a cluster says that a diagnosis can be made of, and an error with what is known of it."""

from wizard.operations.explaining.error import explained
from wizard.operations.explaining.evidence import (
    Evidence,
    of_events,
    of_job_pods,
    of_manager,
    pod_lines,
    said_of,
)

__all__ = [
    "Evidence",
    "explained",
    "of_events",
    "of_job_pods",
    "of_manager",
    "pod_lines",
    "said_of",
]
