"""What programs that we start are given of this process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from wizard.profile.backends import BACKENDS

_GITLAB = frozenset({"GITLAB_TOKEN", "CI_JOB_TOKEN"})


def own_credentials() -> frozenset[str]:
    """The variables that hold what the wizard itself signs in with, and its readers."""
    found = {
        name
        for spec in BACKENDS.values()
        for login in spec.sign_in.values()
        for one in login
        if not one.for_all
        for name in one.variables
    }
    readers = {
        part.variable
        for spec in BACKENDS.values()
        for parts in spec.readers.values()
        for part in parts
    }
    return _GITLAB | found | readers


def for_children(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without the wizard's own credentials.

    What other programs of this machine sign in with as well stays: a kubeconfig's `aws eks
    get-token` needs AWS_ACCESS_KEY_ID.
    """
    ours = own_credentials()
    return {name: value for name, value in environ.items() if name not in ours}
