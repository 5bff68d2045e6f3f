"""A GitLab on loopback that answers as the real one does, and the other end of a runner."""

from tests.fakes.gitlab.fake import FakeGitLab
from tests.fakes.gitlab.player import RunnerPlayer

__all__ = ["FakeGitLab", "RunnerPlayer"]
