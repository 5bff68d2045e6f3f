"""An Infisical on loopback that answers as the real one does (observed in November 2026)."""

from tests.fakes.infisical.fake import FakeInfisical

__all__ = ["FakeInfisical"]
