"""Keeping a GitLab token in the system's keyring, and forgetting it."""

from __future__ import annotations

import sys

import click

from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.core.errors import UsageError
from wizard.core.secrets import SecretStr, remember_secret
from wizard.wiring.machine import Address, Machine

URL = click.argument("url", metavar="URL")


@click.command()
@URL
@click.option("--allow-http", is_flag=True, help="Send it even if the address is not encrypted.")
@command
def login(output: Output, url: str, allow_http: bool) -> Result:
    """Keep a GitLab token in the system's keyring, after trying it."""
    from wizard.systems.gitlab import token_page

    address, machine = url.rstrip("/"), Machine()
    machine.require_keyring()
    if sys.stdin.isatty():
        output.say(f"make a token at {token_page(address)}")
        token = click.prompt("GitLab token", hide_input=True, err=True)
    else:
        token = sys.stdin.readline()
    if not token.strip():
        raise UsageError(
            "No token was given.", "the answer is empty", "Type it, or give it on standard input"
        )
    secret = remember_secret(SecretStr(token.strip()))
    way = Address(address, allow_http=allow_http)
    identity = machine.gitlab(way, secret).whoami()
    machine.keep_token(address, secret)
    who = identity.username or "its user"
    return Result(
        f"stored the token of {who} ({', '.join(identity.scopes)}) for {address}",
        {"url": address, "username": identity.username, "scopes": list(identity.scopes)},
    )


@click.command()
@URL
@command
def logout(_output: Output, url: str) -> Result:
    """Remove a stored GitLab token."""
    address = url.rstrip("/")

    forgotten = Machine().forget_token(address)
    said = f"removed the token for {address}" if forgotten else f"no token was stored for {address}"
    return Result(said, {"url": address, "forgotten": forgotten})
