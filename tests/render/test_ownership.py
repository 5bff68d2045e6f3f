from __future__ import annotations

from tests.render.profiles import profile_of
from wizard.render.ownership import Owner, header, is_ours, markdown_header, owner_in


def test_a_file_tells_which_profile_wrote_it() -> None:
    assert owner_in(header(profile_of())) == Owner("homelab", "")
    assert owner_in(header(profile_of(id="0badcafe"))) == Owner("homelab", "0badcafe")


def test_a_page_tells_it_too() -> None:
    assert markdown_header(profile_of()).startswith("<!-- Written by")
    assert owner_in(markdown_header(profile_of(id="0badcafe"))) == Owner("homelab", "0badcafe")


def test_a_file_of_somebody_else_has_no_owner() -> None:
    for text in ("", "apiVersion: v1\n", "# Written by hand.\n", "\n" + header(profile_of())):
        assert owner_in(text) is None
        assert not is_ours(profile_of(), text)


def test_a_renamed_profile_still_owns_its_files() -> None:
    written = header(profile_of(id="0badcafe"))
    assert is_ours(profile_of(id="0badcafe", name="renamed"), written)
    assert not is_ours(profile_of(id="deadbeef"), written)


def test_a_profile_that_got_its_id_owns_what_it_wrote_before() -> None:
    assert is_ours(profile_of(id="0badcafe"), header(profile_of()))
    assert not is_ours(profile_of(id="0badcafe", name="other"), header(profile_of()))
