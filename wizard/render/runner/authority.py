"""A private CA, brought to everything that speaks to GitLab or to what is beside it.

One ConfigMap in each namespace. The manager names the file in its configuration, and hands GitLab's
chain of certificates to git and to artifacts in every job by itself (`buildCAChain` in
`network/client.go`, 19.3.0). All else in a job finds the CA by `VARIABLES`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from wizard.core.manifest import Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.render.objects import manifest

FOLDER = "/etc/gitlab-ca"
_KEY = "ca.crt"
FILE = f"{FOLDER}/{_KEY}"
VARIABLES = {
    # Programs written in Go (the helper, every builder, git-lfs) trust all files of these folders,
    # and the system's bundle besides. The folders before ours are those of Debian and Alpine, of
    # Fedora, and of Kaniko, whose image sets this variable itself. OpenSSL reads it too, and goes
    # on trusting what it did: unlike SSL_CERT_FILE this takes no public CA away from any job.
    "SSL_CERT_DIR": f"/etc/ssl/certs:/etc/pki/tls/certs:/kaniko/ssl/certs:{FOLDER}",
    "NODE_EXTRA_CA_CERTS": FILE,
}


def name(profile: Profile) -> str:
    """The ConfigMap's name, the same in every namespace; it is a volume's name as well."""
    return f"{profile.shared}-ca"


def config_maps(profile: Profile) -> list[Manifest]:
    """The CA for managers and for jobs; none where the profile names none."""
    if not profile.gitlab.authority:
        return []
    return [
        manifest(
            "v1",
            "ConfigMap",
            name(profile),
            namespace,
            labels(profile),
            data={_KEY: profile.gitlab.authority},
        )
        for namespace in profile.namespaces
    ]


def job_volume(profile: Profile) -> list[dict[str, Any]]:
    """The CA as a volume of jobs, in config.toml's words: it is called like its ConfigMap."""
    if not profile.gitlab.authority:
        return []
    return [{"name": name(profile), "mount_path": FOLDER, "read_only": True}]


def manager_volume(profile: Profile) -> list[dict[str, Any]]:
    """The CA as a volume of the manager's pod."""
    if not profile.gitlab.authority:
        return []
    return [{"name": "gitlab-ca", "configMap": {"name": name(profile)}}]


def manager_variables(profile: Profile) -> dict[str, str]:
    """What the manager speaks to beside GitLab: a cache asks it where a bucket is, for one."""
    if not profile.gitlab.authority:
        return {}
    return {"SSL_CERT_DIR": f"/etc/ssl/certs:{FOLDER}"}


def manager_mount(profile: Profile) -> list[dict[str, Any]]:
    """Where the manager finds the CA."""
    if not profile.gitlab.authority:
        return []
    return [{"name": "gitlab-ca", "mountPath": FOLDER, "readOnly": True}]


def checksum(profile: Profile) -> str:
    """Changes with the CA, so that managers start again with it; empty without one."""
    pem = profile.gitlab.authority
    return hashlib.sha256(pem.encode()).hexdigest() if pem else ""
