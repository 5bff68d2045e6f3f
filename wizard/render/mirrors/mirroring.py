"""The script that copies every image of a profile to its mirror."""

from __future__ import annotations

import shlex

from wizard.profile.model import Profile
from wizard.render.mirrors.image_list import images
from wizard.render.runner.images import full_name

_HEAD = """\
#!/bin/sh
# Copies the images of profile "{name}" to where it pulls them from, for every architecture.
# Sign in to both registries first: crane auth login, or skopeo login.
set -eu

copy() {{
    echo "$1 -> $2"
    if command -v crane >/dev/null; then
        crane copy "$1" "$2"
    elif command -v skopeo >/dev/null; then
        skopeo copy --all "docker://$1" "docker://$2"
    else
        echo "there is neither crane nor skopeo on this machine" >&2
        exit 1
    fi
}}

"""


def copy_script(profile: Profile) -> str:
    """A POSIX shell script, with a line for each image that comes from a mirror."""
    lines = [
        f"copy {shlex.quote(full_name(use.source))} {shlex.quote(use.image)}\n"
        for use in images(profile)
        if use.is_rewritten
    ]
    return _HEAD.format(name=profile.name) + "".join(lines or ["# No image has a mirror.\n"])
