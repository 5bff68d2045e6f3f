"""What single steps do with what they find, and with what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from tests.fakes.gitlab import FakeGitLab
from tests.fakes.kubernetes import FakeCluster
from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import found
from wizard.profile.draft import Origin
from wizard.tui.widgets import Choice

# Cluster


async def test_the_current_context_is_taken_with_what_was_found_on_it(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.sees("v1.32.0 2 nodes, free: 8.0 CPU, 16.0 GiB")
        assert it.draft.answer("cluster", "context") == answer("fake", Origin.FOUND)
        assert it.draft.answer("cluster", "uid") == answer(cluster.uid, Origin.FOUND)
        assert it.draft.value("cluster", "architectures") == ["amd64"]


async def test_a_missing_operator_is_said_and_can_be_done_without(home: Path, kubeconfig: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.sees("! Argo CD is not on this cluster")
        await it.focus("#direct")
        await it.press("enter")
        assert "is not on this cluster" not in it.words
        assert it.draft.value("delivery", "as") == "manifests"
        assert it.draft.value("secrets", "backend") == "kubernetes"
        assert not it.draft.problems()


async def test_the_highlight_goes_along_with_what_is_found_until_it_is_moved(home: Path):
    async with sitting(home, preset="direct") as it:
        await it.until(lambda: it.session.facts.contexts == ())
        it.session.facts.contexts, it.session.facts.current = ("lab", "other"), "lab"
        await it.go_to("Cluster")
        await it.sees("(•) no cluster")
        contexts = it.step.query_one("#contexts", Choice)
        it.session.facts.clusters["lab"] = found()
        it.app.wizard.facts_found()
        assert contexts.highlighted == 0, "it is on the cluster that was found"
        await it.focus("#contexts")
        await it.press("down")
        it.app.wizard.facts_found()
        assert contexts.highlighted == 1, "it stays where it was moved"


async def test_no_cluster_is_a_choice_like_any_other(home: Path, kubeconfig: Path):
    async with sitting(home, preset="direct") as it:
        await it.go_to("Cluster")
        await it.sees("(•) fake")
        await it.focus("#contexts")
        await it.press("down", "enter")
        assert it.draft.value("cluster", "context") is None
        assert it.draft.value("cluster", "uid") is None
        assert it.draft.value("delivery", "to") == "directory", "there is nothing to apply to"
        await it.press("up", "enter")
        assert it.draft.value("cluster", "context") == "fake"
        assert it.draft.value("delivery", "to") == "cluster"


async def test_a_cluster_that_does_not_answer_is_said_with_its_reason(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    cluster.fails("GET", "/version", status=401)
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.sees("not reached:")
        assert it.draft.value("cluster", "context") is None, "what was not reached is no suggestion"


async def test_whether_one_may_set_up_a_runner_here_is_said_before_any_question(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    cluster.deny(verb="create", resource="deployments")
    async with sitting(home, preset="direct") as it:
        await it.go_to("Cluster")
        await it.sees("! missing permissions in this cluster")
        await it.sees("create deployments.apps in namespace gitlab-runner")
        await it.focus("#contexts")
        await it.press("down", "enter")
        await it.until(lambda: "missing permissions" not in it.words)
        await it.press("ctrl+n")
        assert it.step.title == "GitLab", "files need no such right"
    assert cluster.writes == []


async def test_who_may_set_up_a_runner_is_told_so(home: Path, kubeconfig: Path):
    async with sitting(home, preset="direct") as it:
        await it.go_to("Cluster")
        await it.sees("✓ you may set up a runner here")


async def test_rights_that_cannot_be_asked_for_stop_nobody(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    cluster.fails("POST", "selfsubjectaccessreviews", status=401)
    async with sitting(home, preset="direct") as it:
        await it.go_to("Cluster")
        await it.sees("could not ask what you may do")
        await it.press("ctrl+n")
        assert it.step.title == "GitLab"


async def test_a_step_that_is_left_waits_for_nothing_any_more(
    home: Path, cluster: FakeCluster, kubeconfig: Path, gitlab: FakeGitLab
):
    gitlab.fail_next("GET", "/metadata", delay=3, times=5)
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.until(lambda: any(one.name == "address" for one in it.app.workers))
        await it.press("escape")
        await it.until(lambda: it.step.title == "Cluster")
        assert not [one for one in it.app.workers if one.name in {"address", "token"}]


async def test_looking_again_asks_the_cluster_again(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.sees("2 nodes")
        cluster.remove(cluster.find("Node", "node-2"))
        await it.press("f5")
        await it.sees("1 node, free: 4.0 CPU")


async def test_without_a_kubeconfig_only_files_are_offered(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.until(lambda: it.session.facts.contexts == ())
        assert "(•) no cluster just files" in it.words


async def test_a_profile_s_cluster_is_not_replaced_by_the_current_context(
    home: Path, kubeconfig: Path
):
    async with sitting(home, preset="direct") as it:
        it.draft.set(("cluster", "context"), "production")
        await it.save(home / "direct.yaml")
    async with sitting(home, home / "direct.yaml") as it:
        await it.go_to("Cluster")
        await it.until(lambda: it.session.facts.clusters)
        assert it.draft.value("cluster", "context") == "production"
        assert not it.draft.dirty


# GitLab


async def test_the_address_is_tried_while_one_goes_on(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.sees(f"✓ {gitlab.url} answers")
        assert all(call.headers.get("Authorization") is None for call in gitlab.calls)


async def test_an_address_without_a_gitlab_is_said_and_stops_nobody(
    home: Path, cluster: FakeCluster
):
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.type(cluster.url)
        await it.until(lambda: "!" in it.words)
        await it.press("ctrl+n")
        assert it.step.title == "Runner"


async def test_a_pasted_token_is_trimmed_hidden_and_signs_in(home: Path, gitlab: FakeGitLab):
    token = gitlab.add_token("create_runner", "manage_runner", "read_api").get_secret_value()
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await it.type(f"  {token}\n")
        await it.sees("You are owner")
        assert "✓ create the runner" in it.words
        assert "! prove it with a smoke job (the token lacks api)" in it.words
        assert token not in it.screen
        assert it.session.secret("GITLAB_TOKEN").get_secret_value() == token


async def test_a_refused_token_says_why_and_where_to_make_another(home: Path, gitlab: FakeGitLab):
    token = gitlab.add_token("api", revoked=True).get_secret_value()
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await it.type(token)
        await it.sees("GitLab does not accept the token.")
        assert it.session.identity is None


async def test_a_five_kilobyte_token_is_taken_whole(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await it.type("x" * 5000 + "\n")
        assert len(it.session.secret("GITLAB_TOKEN").get_secret_value()) == 5000
        await it.sees("GitLab does not accept the token.")


async def test_a_token_of_the_environment_is_used_and_named(
    home: Path, gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GITLAB_TOKEN", gitlab.add_token("api").get_secret_value())
    monkeypatch.setenv("GITLAB_HOST", gitlab.url)
    async with sitting(home) as it:
        it.draft.set(("gitlab", "url"), gitlab.url)
        await it.go_to("GitLab")
        await it.sees("You are owner")
        assert "(from GITLAB_TOKEN)" in it.words


async def test_a_typed_token_never_goes_to_another_address(home: Path, gitlab: FakeGitLab):
    with FakeGitLab() as other:
        async with sitting(home) as it:
            await at_token(it, gitlab)
            await it.type(gitlab.add_token("api").get_secret_value())
            await it.sees("You are owner")
            await it.focus("#gitlab-url Input")
            await it.type(other.url)
            await it.sees(f"✓ {other.url} answers")
            assert it.session.secret("GITLAB_TOKEN") is None
            await it.press("ctrl+n")
        assert all(call.headers.get("Authorization") is None for call in other.calls)


async def test_a_stale_answer_is_dropped(home: Path, gitlab: FakeGitLab):
    good, bad = gitlab.add_token("api"), gitlab.add_token("api", revoked=True)
    gitlab.fail_next("GET", "/personal_access_tokens/self", delay=1.5)
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await it.type(bad.get_secret_value())
        await it.until(lambda: any("access_tokens/self" in call.target for call in gitlab.calls))
        await it.type(good.get_secret_value())
        await it.sees("You are owner")
        await it.pilot.pause(1.2)
        assert "You are owner" in it.words


# Runner


async def test_scopes_are_searched_as_one_types(home: Path, gitlab: FakeGitLab):
    for number in range(120):
        gitlab.add_project(f"acme/many-{number:03}")
    async with sitting(home) as it:
        await at_runner(it, gitlab)
        await it.sees("50 of 122 found; scroll for more")
        await it.press("down")
        matches = it.step.query_one(".matches", OptionList)
        matches.highlighted = 49
        await it.until(lambda: matches.option_count == 100)
        await it.focus("#scope Input")
        await it.type("many-117")
        await it.sees("1 found")
        await it.press("down", "enter")
        assert it.draft.value("runners", 0, "scope") == {"project": "acme/many-117"}


async def test_a_group_is_searched_among_groups(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await at_runner(it, gitlab)
        await it.focus("#kind")
        await it.press("down", "enter")
        await it.focus("#scope Input")
        await it.type("acm")
        await it.sees("1 found")
        await it.press("enter")
        assert it.draft.value("runners", 0, "scope") == {"group": "acme"}


async def test_without_a_token_the_path_is_written_out(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.sees("Not signed in, so write the whole path.")
        await it.type("4711")
        assert it.draft.value("runners", 0, "scope") == {"project": 4711}


async def test_tags_are_chips(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.focus("Chips Input")
        await it.type("gpu,large")
        await it.until(lambda: it.draft.value("runners", 0, "tags")[-2:] == ["gpu", "large"])
        assert "gpu ×" in it.words


async def test_the_last_tag_goes_with_backspace_and_any_with_a_click(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        assert it.draft.value("runners", 0, "tags") == ["homelab", "kubernetes"]
        await it.focus("Chips Input")
        await it.press("backspace")
        assert it.draft.value("runners", 0, "tags") == ["homelab"]
        await it.press("shift+tab", "enter")
        assert it.draft.value("runners", 0, "tags") == []


async def test_a_second_runner_is_added_and_removed_again(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.type("acme/homelab")
        await it.focus("#add")
        await it.press("enter")
        await it.until(lambda: it.session.runner == 1)
        assert it.draft.runners == ["homelab", "runner-2"]
        assert "2 runner-2 below" in it.words
        await it.focus("#which")
        await it.press("home", "enter")
        await it.until(lambda: it.session.runner == 0)
        await it.focus("#remove")
        await it.press("enter")
        await it.until(lambda: it.draft.runners == ["runner-2"])


async def test_yes_and_no_are_told_by_marks_and_meanings(home: Path):
    async with sitting(home, size=(80, 40)) as it:
        await it.go_to("Runner")
        assert "[ ] no Whether it may not be enabled" in it.words
        await it.focus("#runners-0-locked Tick")
        await it.press("space")
        assert "[x] yes Whether it may not be enabled" in it.words
        assert it.draft.value("runners", 0, "locked") is True


# Start


async def test_a_profile_that_was_open_before_is_one_key_away(home: Path):
    async with sitting(home, preset="direct") as it:
        await it.save(home / "direct.yaml")
    async with sitting(home) as it:
        await it.sees("One that was open before")
        assert "saved, just now" in it.words
        await it.focus("#recent")
        await it.press("enter")
        await it.sees("direct.yaml is open: valid")


async def test_a_file_that_is_no_profile_is_refused_in_words(home: Path):
    (home / "broken.yaml").write_text("a: [\n")
    async with sitting(home) as it:
        await it.focus("#path")
        await it.type(str(home / "broken.yaml"))
        await it.press("enter")
        await it.sees("! ")
        await it.sees("has a bracket that is never closed")
        assert it.draft.preset == "homelab"


async def test_the_name_of_a_new_profile_names_its_file(home: Path):
    async with sitting(home) as it:
        await it.focus("#name Input")
        await it.type("attic")
        await it.press("enter")
        assert it.draft.path == home / "attic.yaml"


def answer(value: object, origin: Origin):
    from wizard.profile.draft import Answer

    return Answer(value, origin)


async def at_token(it: Sitting, gitlab: FakeGitLab) -> None:
    await it.go_to("GitLab")
    await it.type(gitlab.url)
    await it.press("enter")
    assert isinstance(it.app.focused, Input)
    assert it.app.focused.password


async def at_runner(it: Sitting, gitlab: FakeGitLab) -> None:
    await at_token(it, gitlab)
    await it.type(gitlab.add_token("api").get_secret_value())
    await it.sees("You are owner")
    await it.press("ctrl+n")
    assert it.step.title == "Runner"
