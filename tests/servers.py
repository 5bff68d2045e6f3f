"""Real servers that several rooms' tests share, each started when first needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.moto import Moto
from tests.fakes.openbao import OpenBao


@pytest.fixture(scope="session")
def bao() -> Iterator[OpenBao]:
    with OpenBao() as bao:
        yield bao


@pytest.fixture(scope="session")
def bao_tls() -> Iterator[OpenBao]:
    with OpenBao(tls=True) as bao:
        yield bao


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with Moto() as moto:
        yield moto
