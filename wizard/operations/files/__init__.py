"""The files of a profile: what writing them changes, and the commands that commit them."""
