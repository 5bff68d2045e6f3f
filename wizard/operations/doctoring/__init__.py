"""Finding out what is wrong: of a profile, of a job, and of an error that has just happened."""

from wizard.operations.doctoring.jobs import JobAt, examine_job, job_at
from wizard.operations.doctoring.report import Report, of_texts
from wizard.operations.doctoring.whole import examine

__all__ = [
    "JobAt",
    "Report",
    "examine",
    "examine_job",
    "job_at",
    "of_texts",
]
