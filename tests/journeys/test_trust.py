"""A credential goes to the address it belongs to: what a stranger's profile can and cannot do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.journeys.world import World
from tests.profile.profiles import SMALLEST, read
from tests.terminal import Person
from tests.wizard_process import run_wizard
from wizard.core.errors import RefusedError, WizardError
from wizard.wiring import Wiring
from wizard.wiring.trust import Trust


@dataclass
class Stranger:
    """A server that keeps the headers and bodies it was sent, and answers nothing useful."""

    seen: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    it = Stranger()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            it.seen.append(f"{self.command} {self.path}\n{self.headers}\n{body.decode()}")
            self.send_response(404)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Silent."""

    for verb in ("GET", "POST", "PUT", "HEAD"):
        setattr(Handler, f"do_{verb}", Handler._any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield it
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def run(world: World, *arguments: str, **more: str) -> tuple[int, str]:
    environment = {
        name: value for name, value in world.environment.items() if name != "GITLAB_HOST"
    }
    done = run_wizard(*arguments, environment=environment | more, folder=world.folder)
    return done.code, done.err


def answered(world: World, answer: str, *arguments: str) -> str:
    """The same on a terminal, with one answer to the first question."""
    environment = {
        name: value for name, value in world.environment.items() if name != "GITLAB_HOST"
    }
    person = Person(environment, world.folder, *arguments)
    person.sees("[y/N]")
    person.answers(answer)
    person.code()
    return person.seen


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["destroy", "--yes"]])
def test_a_profile_cannot_send_the_token_to_an_address_of_its_own(
    world: World, stranger: Stranger, command: list[str]
) -> None:
    world.change(f"url: {world.gitlab.url}", f"url: {stranger.url}")
    world.change("version: 1\n", "version: 1\nid: 3f9c2a71\n")
    code, said = run(world, command[0], str(world.profile), *command[1:])
    assert code == 3
    assert stranger.seen == []
    assert f"GITLAB_TOKEN was not sent to {stranger.url}." in said
    assert "GITLAB_HOST and CI_SERVER_URL are not set, so it is for https://gitlab.com" in said
    # As it was started here, so that the line runs as pasted.
    line = f"{sys.executable} -m wizard {command[0]} {world.profile} --trust {stranger.url}"
    assert f"If you trust it, run: {line}" in " ".join(said.split())


@pytest.mark.parametrize("variable", ["GITLAB_HOST", "CI_SERVER_URL"])
def test_the_address_that_the_environment_names_gets_the_token(world: World, variable: str) -> None:
    code, said = run(world, "plan", str(world.profile), **{variable: world.gitlab.url})
    assert code == 0, said


def test_the_token_of_one_gitlab_is_not_for_another(world: World, stranger: Stranger) -> None:
    world.change(f"url: {world.gitlab.url}", f"url: {stranger.url}")
    code, said = run(world, "plan", str(world.profile), GITLAB_HOST=world.gitlab.url)
    assert code == 3
    assert stranger.seen == []
    assert f"GITLAB_HOST says {world.gitlab.url}" in said


def test_an_address_on_the_command_line_is_trusted_for_that_run_only(world: World) -> None:
    code, said = run(world, "plan", str(world.profile), "--trust", world.gitlab.url)
    assert code == 0, said
    assert run(world, "plan", str(world.profile))[0] == 3


def test_an_address_that_a_person_confirmed_is_remembered_outside_the_profile(world: World) -> None:
    said = answered(world, "y", "plan", str(world.profile))
    assert "Send it there, now and from now on?" in said
    (remembered,) = world.folder.rglob("confirmed-addresses.json")
    assert remembered.stat().st_mode & 0o777 == 0o600
    assert run(world, "plan", str(world.profile))[0] == 0


def test_a_person_who_says_no_sends_nothing(world: World, stranger: Stranger) -> None:
    world.change(f"url: {world.gitlab.url}", f"url: {stranger.url}")
    answered(world, "n", "plan", str(world.profile))
    assert stranger.seen == []
    assert list(world.folder.rglob("confirmed-addresses.json")) == []


@pytest.mark.parametrize(
    ("settings", "variables", "what"),
    [
        ("backend: vault, vault: {{address: '{url}'}}", ["VAULT_TOKEN"], "VAULT_TOKEN"),
        ("backend: vault, vault: {{address: '{url}'}}", [], "~/.vault-token"),
        (
            "backend: infisical, infisical: {{host: '{url}', project: p}}",
            ["INFISICAL_CLIENT_ID", "INFISICAL_CLIENT_SECRET"],
            "INFISICAL_CLIENT_ID",
        ),
    ],
)
def test_a_backends_credentials_follow_the_same_rule(
    tmp_path: Path, stranger: Stranger, settings: str, variables: list[str], what: str
) -> None:
    secret = "unguessable-" + os.urandom(8).hex()
    (tmp_path / ".vault-token").write_text(secret)
    loaded = read(SMALLEST + f"secrets: {{{settings.format(url=stranger.url)}}}\n")
    environ = dict.fromkeys(variables, secret) | {"HOME": str(tmp_path)}
    runner = loaded.profile.runners[0]
    refusing = Wiring(loaded, environ=environ).backend(loaded.profile)
    with pytest.raises(RefusedError, match="was not sent") as refused:
        refusing.read(runner)
    assert refused.value.problem == f"{what} was not sent to {stranger.url}."
    assert f"--trust {stranger.url}" in refused.value.fix
    assert secret not in "".join(stranger.seen)
    trust = Trust(environ, named=[stranger.url.upper() + "/"])
    with pytest.raises(WizardError):  # it is no server of the kind, and it has been asked
        Wiring(loaded, environ=environ, trust=trust).backend(loaded.profile).read(runner)
    assert secret in "".join(stranger.seen)


@pytest.mark.parametrize("section", ["vault", "infisical"])
def test_a_backends_credential_does_not_travel_unencrypted(section: str) -> None:
    settings = {
        "vault": "{address: 'http://192.0.2.2:8200'}",
        "infisical": "{host: 'http://192.0.2.2:8200', project: p}",
    }[section]
    loaded = read(SMALLEST + f"secrets: {{backend: {section}, {section}: {settings}}}\n")
    wiring = Wiring(loaded, environ={}, ask=lambda _prompt: "a-secret")
    with pytest.raises(RefusedError, match="it is not encrypted") as refused:
        wiring.backend(loaded.profile).read(loaded.profile.runners[0])
    assert f"allow_http: true into secrets.{section}" in refused.value.fix


def test_a_token_does_not_travel_unencrypted(world: World) -> None:
    world.change(f"url: {world.gitlab.url}", "url: http://192.0.2.2:8080")
    code, said = run(world, "plan", str(world.profile), GITLAB_HOST="http://192.0.2.2:8080")
    assert code == 3
    assert "No credential was sent to http://192.0.2.2:8080: it is not encrypted." in said
    assert "allow_http: true into gitlab of the profile" in " ".join(said.split())


def test_where_plain_http_is_allowed_the_warning_comes_before_the_first_byte(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine's address, which the stranger's proxy stands in for."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, stranger.url)
    vault = "{address: 'http://192.0.2.2:8200', allow_http: true}"
    loaded = read(SMALLEST + f"secrets: {{backend: vault, vault: {vault}}}\n")
    said: list[tuple[str, int]] = []
    wiring = Wiring(
        loaded,
        environ={"VAULT_TOKEN": "a-" + os.urandom(8).hex(), "VAULT_ADDR": "http://192.0.2.2:8200"},
        say=lambda text: said.append((text, len(stranger.seen))),
    )
    with pytest.raises(WizardError):
        wiring.backend(loaded.profile).read(loaded.profile.runners[0])
    warning, sent_before = said[0]
    assert warning.startswith("warning: http://192.0.2.2:8200 is not encrypted")
    assert sent_before == 0
    assert stranger.seen


def test_a_profiles_own_proxy_with_its_own_ca_has_to_be_trusted(
    world: World, stranger: Stranger
) -> None:
    """Both together read what TLS would hide."""
    (world.folder / "ca.pem").write_text(world.kubeconfig.read_text())
    world.change(
        f"url: {world.gitlab.url}",
        f"url: https://gitlab.com\n  proxy: {stranger.url}\n  ca_file: ca.pem",
    )
    code, _ = run(world, "plan", str(world.profile))
    assert code in {2, 3}
    assert stranger.seen == []
