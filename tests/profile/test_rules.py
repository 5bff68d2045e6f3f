"""The rules between fields: what each refuses, what it only warns of, and what it lets pass."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.profile.profiles import SMALLEST, errors, problems, said, warnings, with_runner
from wizard.profile import not_yet
from wizard.profile.fields import fields
from wizard.profile.model import Profile

INFISICAL = "secrets:\n  backend: infisical\n  infisical: {project: p}\n"
ARGO = "delivery: {as: argocd, to: directory%s}\n"

ERRORS = {
    "more managers than jobs": (
        SMALLEST + "manager: {replicas: 3}\n",
        "runners[0].jobs.concurrent",
        "3 managers share this limit, and each needs at least one job; write 3 or more",
    ),
    "untagged off and no tags": (
        with_runner("run_untagged: false"),
        "runners[0].run_untagged",
        "never gets a job; add tags, or set run_untagged: true",
    ),
    "a timeout under ten minutes": (
        with_runner("maximum_timeout: 9m59s"),
        "runners[0].maximum_timeout",
        "599 seconds is below GitLab's minimum of 10 minutes",
    ),
    "two runners with one name": (
        SMALLEST + "  - name: one\n    scope: {project: acme/other}\n",
        "runners[1].name",
        "'one' is the name of runners[0] already",
    ),
    "a runner that takes the shared name": (
        SMALLEST.replace("name: one", "name: small-shared"),
        "runners[0].name",
        "choose another name",
    ),
    "an instance runner on gitlab.com": (
        SMALLEST.replace("{project: acme/app}", "instance"),
        "runners[0].scope",
        "gitlab.com allows no instance runners",
    ),
    "a backend without its settings": (
        SMALLEST + "secrets: {backend: infisical}\n",
        "secrets.backend",
        "infisical needs its settings; add `secrets.infisical:`",
    ),
    "a store of one's own without its key": (
        SMALLEST + "secrets: {backend: existing-store, existing_store: {}}\n",
        "secrets.existing_store.key",
        "'key' is missing",
    ),
    "a store of one's own that is to be created": (
        SMALLEST + "secrets: {backend: existing-store, existing_store: {key: k}}\n",
        "secrets.store",
        "cannot be created here",
    ),
    "a store of one's own with one place for two runners": (
        SMALLEST
        + "  - name: two\n    scope: {project: acme/other}\n"
        + "secrets: {backend: existing-store, existing_store: {key: k},"
        + " store: {kind: SecretStore, name: s}}\n",
        "secrets.existing_store.key",
        "write {runner} where",
    ),
    "an encrypted file that nothing brings into the cluster": (
        SMALLEST + "secrets: {backend: sealed-secrets}\n",
        "secrets.backend",
        "delivery.to: cluster writes none",
    ),
    "Argo CD, and nothing in Git for it to read": (
        SMALLEST
        + "delivery: {as: argocd, to: cluster, "
        + "repository: {url: 'https://gitlab.com/acme/gitops.git'}}\n",
        "delivery.to",
        "write to: directory",
    ),
    "values of a chart that nobody would install": (
        SMALLEST + "delivery: {as: helm, to: cluster}\n",
        "delivery.to",
        "write to: directory",
    ),
    "two runners that take over the same one": (
        with_runner("adopt: 42") + "  - {name: second, scope: {project: a/b}, adopt: 42}\n",
        "runners[1].adopt",
        "remove one of the two",
    ),
    "sops without anybody to encrypt for": (
        SMALLEST + "secrets: {backend: sops, sops: {}}\n",
        "secrets.sops.age",
        "name the age public keys",
    ),
    "a role that irsa needs": (
        SMALLEST + "secrets: {backend: aws, aws: {region: eu-central-1}}\n",
        "secrets.aws.reader",
        "add reader_role",
    ),
    "a role that a login to Vault needs": (
        SMALLEST + "secrets: {backend: vault, vault: {address: 'https://v', login: jwt}}\n",
        "secrets.vault.login",
        "add login_role",
    ),
    "an authority that only the wizard has": (
        SMALLEST + "secrets: {backend: vault, vault: {address: 'https://v', ca_file: ca.pem}}\n",
        "secrets.vault.ca_file",
        "the cluster needs the private CA too",
    ),
    "an authority of Infisical that only the wizard has": (
        SMALLEST + "secrets: {backend: infisical, infisical: {project: x, ca_file: ca.pem}}\n",
        "secrets.infisical.ca_file",
        "add reader_ca",
    ),
    "Argo CD without a repository": (
        SMALLEST + ARGO % "",
        "delivery",
        "Argo CD needs the Git repository",
    ),
    "Flux without a repository": (
        SMALLEST + "delivery: {as: flux, to: directory}\n",
        "delivery",
        "Flux needs the Git repository",
    ),
    "a merge request without a repository": (
        SMALLEST + "delivery: {to: merge-request}\n",
        "delivery",
        "a merge request needs the Git repository",
    ),
    "the manager in a namespace of Kubernetes": (
        SMALLEST + "cluster: {namespace: kube-system}\n",
        "cluster.namespace",
        "belongs to Kubernetes itself",
    ),
    "jobs in a namespace of Kubernetes": (
        SMALLEST + "cluster: {job_namespace: kube-public}\n",
        "cluster.job_namespace",
        "belongs to Kubernetes itself",
    ),
    "no architecture": (
        SMALLEST + "cluster: {architectures: []}\n",
        "cluster.architectures",
        "write [amd64]",
    ),
    "shared runners with a builder": (
        with_runner("builds: {strategy: shared-runners, image: example.com/b:1}"),
        "runners[0].builds.image",
        "so it needs no builder",
    ),
    "a network that only Docker in Docker has": (
        with_runner("builds: {strategy: kaniko, mtu: 1400}"),
        "runners[0].builds.mtu",
        "only Docker in Docker",
    ),
    "a level that the strategy does not fit": (
        with_runner("builds: kaniko\njobs: {pod_security: restricted}"),
        "runners[0].jobs.pod_security",
        "kaniko does not run under restricted; it needs baseline",
    ),
    "a toleration with Exists and a value": (
        with_runner("jobs: {tolerations: [{key: a, operator: Exists, value: b}]}"),
        "runners[0].jobs.tolerations[0]",
        "with Exists has no value",
    ),
    "a toleration of everything by accident": (
        SMALLEST + "manager: {tolerations: [{effect: NoSchedule}]}\n",
        "manager.tolerations[0]",
        "tolerates every taint; write operator: Exists",
    ),
    "a ceiling for the manager": (
        SMALLEST + "manager: {cpu: {ceiling: 4}}\n",
        "manager.cpu.ceiling",
        "is for jobs",
    ),
}


@pytest.mark.parametrize(("text", "key", "sentence"), ERRORS.values(), ids=list(ERRORS))
def test_what_cannot_work_is_an_error_with_the_way_out(text: str, key: str, sentence: str) -> None:
    assert key in errors(text)
    assert sentence in said(text)[key]


CONTAINERS = ("runners[0].jobs", "runners[0].jobs.helper", "runners[0].jobs.services", "manager")


def _with_share(container: str, resource: str, share: str) -> str:
    inner = f"{resource}: {share}"
    if container == "manager":
        return SMALLEST + f"manager: {{{inner}}}\n"
    below = container.removeprefix("runners[0].jobs").removeprefix(".")
    return with_runner(f"jobs: {{{below}: {{{inner}}}}}" if below else f"jobs: {{{inner}}}")


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("resource", ["cpu", "memory", "ephemeral_storage"])
def test_a_request_above_its_limit_is_an_error(container: str, resource: str) -> None:
    if (container, resource) == ("manager", "ephemeral_storage"):
        pytest.skip("the manager has no such setting")
    text = _with_share(container, resource, "{request: 3G, limit: 2G}")
    assert f"{container}.{resource}.request" in errors(text)
    assert errors(_with_share(container, resource, "{request: 2G, limit: 2G}")) == []


@pytest.mark.parametrize("container", CONTAINERS[:3])
@pytest.mark.parametrize("resource", ["cpu", "memory", "ephemeral_storage"])
def test_a_ceiling_below_the_limit_is_an_error(container: str, resource: str) -> None:
    text = _with_share(container, resource, "{request: 1, limit: 3G, ceiling: 2G}")
    assert errors(text) == [f"{container}.{resource}.ceiling"]


def test_quantities_are_compared_by_what_they_are_worth() -> None:
    assert errors(with_runner("jobs: {memory: {request: 2000M, limit: 2Gi}}")) == []
    assert errors(with_runner("jobs: {memory: {request: 2Gi, limit: 2000M}}")) != []


WARNINGS = {
    "a helper that large artifacts end": (
        with_runner("jobs: {helper: {memory: {limit: 200Mi, request: 100Mi}}}"),
        "runners[0].jobs.helper.memory.limit",
    ),
    "jobs that do not divide among the managers": (
        with_runner("jobs: {concurrent: 5}") + "manager: {replicas: 2}\n",
        "runners[0].jobs.concurrent",
    ),
    "manager and jobs together": (
        SMALLEST + "cluster: {namespace: ci, job_namespace: ci}\n",
        "cluster.job_namespace",
    ),
    "sops with Argo CD, which does not decrypt it": (
        SMALLEST
        + "secrets: {backend: sops, sops: {age: [age1%s]}}\n" % ("q" * 58)
        + ARGO % ", repository: {url: 'https://gitlab.com/acme/gitops.git'}",
        "secrets.backend",
    ),
    "a section that is not used": (
        SMALLEST + "secrets: {vault: {address: 'https://v'}}\n",
        "secrets.vault",
    ),
    "a store that is not used": (SMALLEST + "secrets: {store: create}\n", "secrets.store"),
    "a server name that External Secrets cannot expect": (
        SMALLEST
        + "secrets: {backend: vault, vault: {address: 'https://v', tls_server_name: vault}}\n",
        "secrets.vault.tls_server_name",
    ),
    "a token that is read once": (SMALLEST + INFISICAL + "  refresh: 0\n", "secrets.refresh"),
    "GitLab without encryption": (
        SMALLEST + "gitlab: {url: 'http://git.example.com'}\n",
        "gitlab.url",
    ),
    "a proxy before what is in the cluster": (
        SMALLEST + "gitlab: {proxy: 'http://proxy.example.com:3128'}\n",
        "gitlab.proxy",
    ),
    "hosted runners of one's own GitLab": (
        with_runner("builds: shared-runners", "gitlab: {url: 'https://git.example.com'}\n"),
        "runners[0].builds",
    ),
    "exceptions to no proxy": (SMALLEST + "gitlab: {no_proxy: [a.b]}\n", "gitlab.no_proxy"),
    "a group's runner that is locked": (
        SMALLEST.replace("project: acme/app", "group: acme") + "    locked: true\n",
        "runners[0].locked",
    ),
    "a tag twice": (with_runner("tags: [a, b, a]"), "runners[0].tags"),
}


@pytest.mark.parametrize(("text", "key"), WARNINGS.values(), ids=list(WARNINGS))
def test_what_works_but_is_seldom_meant_is_a_warning(text: str, key: str) -> None:
    assert warnings(text) == [key]
    assert errors(text) == []


def test_docker_in_docker_says_what_it_does_to_the_namespace() -> None:
    told = said(with_runner("builds: {strategy: dind}"))
    assert "makes the whole job namespace privileged" in told["runners[0].builds"]


def test_docker_in_docker_says_where_its_memory_comes_from() -> None:
    told = said(with_runner("builds: dind"))
    assert "may use 1Gi" in told["runners[0].jobs.services.memory"]
    enough = with_runner("builds: dind\njobs: {services: {memory: {limit: 4Gi}}}")
    assert "runners[0].jobs.services.memory" not in said(enough)


def test_a_level_that_a_builder_does_not_fit_says_what_becomes_of_the_namespace() -> None:
    told = said(with_runner("builds: buildkit\njobs: {pod_security: baseline}"))
    assert "the job namespace becomes privileged" in told["runners[0].jobs.pod_security"]


@pytest.mark.parametrize("range_", ["10.96.0.0", "10.96.0.0/33", "services"])
def test_what_is_no_range_of_addresses_is_refused(range_: str) -> None:
    assert errors(SMALLEST + f"cluster: {{service_cidrs: ['{range_}']}}\n") == [
        "cluster.service_cidrs[0]"
    ]


def test_a_proxys_credentials_are_no_part_of_a_profile() -> None:
    text = SMALLEST + "gitlab: {proxy: 'http://user:word@proxy.example.com:3128'}\n"
    told = said(text)["gitlab.proxy"]
    assert "must not hold credentials" in told
    assert "word" not in told


def test_a_tag_that_stands_twice_counts_once() -> None:
    assert "the tag 'a' is here twice" in said(with_runner("tags: [a, a]"))["runners[0].tags"]


def _secrets() -> Iterator[str]:
    random = secrets.token_hex(12)
    for prefix in ("glrt-", "glpat-", "GR1348941", "hvs."):
        yield prefix + random
    yield "AKIA" + random.upper()[:16]
    yield f"eyJ{random}.{random}.x"


_SECRET_KINDS = ("runner", "personal", "registration", "vault", "aws", "jwt")


@pytest.mark.parametrize("secret", list(_secrets()), ids=_SECRET_KINDS)
def test_a_secret_in_a_profile_is_an_error_that_does_not_repeat_it(secret: str) -> None:
    text = with_runner(f"description: token {secret}")
    assert "holds a secret" in said(text)["runners[0].description"]
    assert secret not in str(problems(text))


@pytest.mark.parametrize("name", ["glob-matching-images", "gloss-and-gleam", "heyJude"])
def test_a_word_that_only_looks_like_a_secret_is_fine(name: str) -> None:
    assert errors(with_runner(f"description: {name}")) == []


def test_fifty_tags_are_enough() -> None:
    assert errors(with_runner(f"tags: {[f't{n}' for n in range(50)]}")) == []
    assert errors(with_runner(f"tags: {[f't{n}' for n in range(51)]}")) == ["runners[0].tags"]


@pytest.mark.parametrize("line", not_yet.NOT_YET, ids=lambda line: f"{line.path[-1]}-{line.value}")
def test_what_is_not_built_yet_names_a_key_that_exists(line: not_yet.NotYet) -> None:
    section, path = Profile, list(line.path)
    while len(path) > 1:
        found = next(
            info
            for info in fields(section)
            if len(info.path) == 1 and info.name == path[0] and info.section
        )
        assert found.section
        section = found.section  # type: ignore[assignment]
        path = path[2:] if path[1] == "[]" else path[1:]
    assert path[0] in section.model_fields


def test_what_is_not_built_yet_is_refused_in_words() -> None:
    if not any(line.value == "merge-request" for line in not_yet.NOT_YET):
        pytest.skip("it is built by now")
    told = said(SMALLEST + "delivery: {to: merge-request}\n")
    assert "cannot be used yet" in told["delivery.to"]
