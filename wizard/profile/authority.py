"""The private CA that a profile names: its certificates are part of what the profile says."""

from __future__ import annotations

import re
from pathlib import Path

from wizard.core.problems import Problems, Spot
from wizard.profile.model import Profile

_LARGEST = 512 * 1024  # bytes; a ConfigMap holds one MiB
# Possessive, and no hyphen inside: what never ends is looked through only once.
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]++-----END CERTIFICATE-----")


def with_authority(profile: Profile, folder: Path, problems: Problems) -> Profile:
    """The profile with the certificates of `gitlab.ca_file`, so that rendering reads no file.

    Args:
        profile: as it is written.
        folder: what the file's path is relative to.
        problems: where it is told that the file cannot be used.
    """
    name = profile.gitlab.ca_file
    if not name:
        return profile
    certificates = _certificates(folder / name, problems.at("gitlab", "ca_file"))
    gitlab = profile.gitlab.trusting(certificates)
    return profile.model_copy(update={"gitlab": gitlab})


def _certificates(path: Path, spot: Spot) -> str:
    """The certificates alone, without what tools write around them; empty where there are none."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1).decode("ascii", "replace")
    except OSError as error:
        why = error.strerror or "cannot be read"
        spot.add(f"{path}: {why}", "put the CA's certificates there, in PEM")
        return ""
    if len(text) > _LARGEST:
        spot.add(f"{path} is larger than {_LARGEST // 1024} KiB", "keep only your own CA in it")
    elif "PRIVATE KEY-----" in text:
        spot.add(
            f"{path} holds a private key, and it would be shown to every job",
            "keep the key elsewhere and only certificates here; if the file was shared, replace "
            "the key",
        )
    elif not (found := _CERTIFICATE.findall(text)):
        spot.add(
            f"{path} holds no certificate in PEM",
            f"convert it: openssl x509 -inform der -in {path.name} -out ca.pem",
        )
    else:
        certificates = "".join(one.replace("\r", "") + "\n" for one in found)
        _check(certificates, path, spot)
        return certificates
    return ""


def _check(certificates: str, path: Path, spot: Spot) -> None:
    import ssl  # only for the few profiles that have a CA: it costs start-up

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        spot.add(f"{path} holds a certificate that is damaged", "copy it again, completely")
