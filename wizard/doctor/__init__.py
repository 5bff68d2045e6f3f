"""What is known to fail, and finding it in what was printed. Texts in, diagnoses out: pure.

One failure is one file in `assets/doctor/`; `docs/doctor.md` says how to add one.
"""

from wizard.doctor.diagnose import Diagnosis, Found, diagnose
from wizard.doctor.known import Failure, Sureness, known_failures
from wizard.doctor.texts import Kind, Text

__all__ = [
    "Diagnosis",
    "Failure",
    "Found",
    "Kind",
    "Sureness",
    "Text",
    "diagnose",
    "known_failures",
]
