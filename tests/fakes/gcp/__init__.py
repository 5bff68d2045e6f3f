"""Google Cloud's Secret Manager over REST, as far as a token needs it."""

from tests.fakes.gcp.fake import EVERYTHING, UNIVERSE, FakeSecretManager

__all__ = ["EVERYTHING", "UNIVERSE", "FakeSecretManager"]
