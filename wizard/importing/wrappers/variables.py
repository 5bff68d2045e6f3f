"""Variables of the manager that `register` reads as flags, or the chart makes of its values."""

from __future__ import annotations

import re
from typing import Any

from wizard.core.problems import Key

FROM_ENV = {
    "CI_SERVER_URL": ("gitlabUrl",),
    "RUNNER_NAME": ("runners", "name"),
    "RUNNER_TAG_LIST": ("runners", "tags"),
    "REGISTER_RUN_UNTAGGED": ("runners", "runUntagged"),
    "REGISTER_LOCKED": ("runners", "locked"),
    "REGISTER_MAXIMUM_TIMEOUT": ("runners", "maximumTimeout"),
}
"""Variables that the chart makes of its values (`_env_vars.tpl`), and the values they are of."""


_TABLE_ENV = {
    "RUNNER_OUTPUT_LIMIT": ("output_limit",),
    "RUNNER_REQUEST_CONCURRENCY": ("request_concurrency",),
    "CLONE_URL": ("clone_url",),
    "CACHE_TYPE": ("cache", "Type"),
    "CACHE_PATH": ("cache", "Path"),
    "CACHE_SHARED": ("cache", "Shared"),
    "CACHE_S3_SERVER_ADDRESS": ("cache", "s3", "ServerAddress"),
    "CACHE_S3_BUCKET_NAME": ("cache", "s3", "BucketName"),
    "CACHE_S3_BUCKET_LOCATION": ("cache", "s3", "BucketLocation"),
    "CACHE_S3_INSECURE": ("cache", "s3", "Insecure"),
    "CACHE_GCS_BUCKET_NAME": ("cache", "gcs", "BucketName"),
}


TOKEN_ENV = frozenset({"CI_SERVER_TOKEN", "REGISTRATION_TOKEN"})
WORTHLESS_ENV = {
    "SESSION_SERVER_ADDRESS",
    "RUNNER_EXECUTOR",
    "REGISTER_LOCKED",
    "HOME",
    "POD_NAME",
}


def table_key_of(variable: str) -> Key:
    """The key of the `[[runners]]` table that a variable of `register` sets; empty: none."""
    from wizard.render.tables.catalogue import runner_keys
    from wizard.render.tables.versions import NEWEST_RUNNER_READ

    if variable in _TABLE_ENV:
        return _TABLE_ENV[variable]
    key = variable.removeprefix("KUBERNETES_").lower()
    knows = runner_keys(NEWEST_RUNNER_READ).knows(f"runners.kubernetes.{key}")
    return ("kubernetes", key) if variable.startswith("KUBERNETES_") and knows else ()


def as_register_reads(text: Any) -> Any:
    """A variable's text as the flag that it is."""
    words = {"true": True, "false": False}
    return words.get(str(text).lower(), int(text) if re.fullmatch(r"\d{1,9}", str(text)) else text)
