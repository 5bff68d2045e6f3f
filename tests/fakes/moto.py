"""moto's own server, which speaks AWS's API on loopback."""

from __future__ import annotations

from typing import Any, Self

import boto3
import requests
from botocore.config import Config

REGION = "eu-central-1"
KEY = {"AWS_ACCESS_KEY_ID": "suite", "AWS_SECRET_ACCESS_KEY": "suite"}


class Moto:
    """A server of all of AWS's services, empty at first."""

    def __enter__(self) -> Self:
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        # moto loads a service at its first call, which takes longer than our tests are patient.
        self.client("ssm").describe_parameters()
        self.client("secretsmanager").list_secrets()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def reset(self) -> None:
        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()

    def client(self, service: str) -> Any:
        """A client of somebody else, past every proxy."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="root",
            aws_secret_access_key="root",
            config=Config(retries={"total_max_attempts": 1}),
        )
