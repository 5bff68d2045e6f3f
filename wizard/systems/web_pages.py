"""What a web page says that answers in an API's place: a proxy's error, somebody's sign-in."""

from __future__ import annotations

import re
from html import unescape


def without_markup(text: str) -> str:
    """The text of an answer; of a web page, that it is one, and its title or its words."""
    text = text.strip()
    if not text.startswith("<"):
        return text
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    said = unescape(title[1] if title else re.sub(r"<[^>]*>?", " ", text))
    said = " ".join(said.split())
    return f"a web page, {said!r}" if said else "a web page"
