"""How much one import takes in: far more than anybody writes, and read in about a second."""

from __future__ import annotations

from wizard.core.errors import UsageError
from wizard.importing.release import Bundle, Release

LARGEST_TEXT = 1_200_000
"""Characters of one text."""
_MOST_OF_RUNNERS = 5_000
"""Values that the runners are set up with, all together."""
_MOST_RUNNERS = 100


def refuse_too_many(runners: int, bundle: Bundle) -> None:
    """Raises: UsageError, for more runners than a profile made by an import may have."""
    if runners > _MOST_RUNNERS:
        raise UsageError(
            f"{', '.join(bundle.files)} sets up {runners:,} runners.",
            f"an import takes up to {_MOST_RUNNERS}",
            "Split it, and import each part into its own profile",
        )


def refuse_too_large(releases: list[Release]) -> None:
    """Raises: UsageError, for more values than anybody sets up runners with by hand."""
    views = [v for one in releases for v in (one.values, one.top, *one.tables)]
    files = ", ".join(dict.fromkeys(one.file for one in releases))
    refuse_too_many_values(sum(_size(view.data) for view in views), files)


def refuse_too_many_values(held: int, files: str) -> None:
    """Raises: UsageError."""
    if held > _MOST_OF_RUNNERS:
        raise UsageError(
            f"{files} sets up a runner with {held:,} values.",
            f"an import takes up to {_MOST_OF_RUNNERS:,}",
            "Remove what does not concern the runner, and import again",
        )


def _size(data: object) -> int:
    if isinstance(data, dict):
        return sum(map(_size, data.values())) or 1
    return sum(map(_size, data)) if isinstance(data, list) and data else 1
