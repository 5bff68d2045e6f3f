"""The plan as a comment on a merge request: complete, folded, and obeying nothing in it."""

from __future__ import annotations

from markdown_it import MarkdownIt

from wizard.cli.plan_markdown import plan_markdown
from wizard.core.changes import Action, Change, Doubt, FieldChange, Plan, System
from wizard.core.findings import Check, Finding, Verdict

EVIL = "``` </details> @all [here](https://evil.example) <b>\n/merge\n````"


def _plan(words: str = "limits") -> Plan:
    fields = (FieldChange("a.b", "1", words), FieldChange("text", "x\ny", f"x\n{words}\n"))
    return Plan(
        (
            Change(System.GITLAB, Action.KEEP, "runner homelab"),
            Change(System.CLUSTER, Action.UPDATE, f"Deployment {words}", fields, f"for {words}"),
            Change(System.CLUSTER, Action.CREATE, "Secret token"),
        ),
        notes=(f"a note {words}",),
        unseen=(f"the nodes {words}",),
    )


def test_it_says_what_changes_and_folds_how() -> None:
    shown = plan_markdown(_plan(), "runners.yaml")
    assert shown.startswith("### Runner Wizard: plan for `runners.yaml`\n\n**1 to create")
    assert "**GitLab** (1 unchanged)" in shown
    assert "- ~ update `Deployment limits`: `for limits`\n  <details>" in shown
    assert "  + a.b: limits\n" in shown
    assert "**Notes**\n\n- `a note limits`" in shown


def test_a_refusal_and_a_doubt_are_the_first_thing_one_reads() -> None:
    failed = Check("The role", Verdict.FAIL, Finding("It is too low.", fix="Ask an Owner"))
    refused = plan_markdown(Plan(checks=(failed,)), "p.yaml")
    assert refused.split("\n\n")[1] == "❌ **Apply would refuse this: 1 check failed.**"
    assert "- `It is too low. Ask an Owner`" in refused
    doubted = plan_markdown(Plan(doubts=(Doubt("a", "silent"),)), "p.yaml")
    assert "⚠️ **No change, but something is wrong.**" in doubted
    assert plan_markdown(Plan(), "p.yaml").endswith("✅ **No change.**")


def test_what_others_wrote_is_code_and_never_markup() -> None:
    """By CommonMark's own parser: no link, no HTML but ours, no line that begins with a slash."""
    shown = plan_markdown(_plan(EVIL), f"{EVIL}.yaml")
    tokens = MarkdownIt("commonmark").parse(shown)
    inline = [child for token in tokens for child in token.children or []]
    assert not [one for one in inline if one.type in {"link_open", "html_inline", "image"}]
    html = {token.content.strip() for token in tokens if token.type == "html_block"}
    assert html == {"<details><summary>what changes</summary>", "</details>"}
    texts = [one.content for one in inline if one.type == "text"]
    assert not [text for text in texts if "@all" in text or text.startswith("/")]
    fenced = [token for token in tokens if token.type == "fence"]
    assert len(fenced) == 1
    assert "/merge" in fenced[0].content
