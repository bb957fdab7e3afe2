"""Texts as XML can hold them."""

from __future__ import annotations

import re

_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, in whatever form (its section 2.2)."""


def clean(text: str) -> str:
    """The text with a replacement character (U+FFFD) for each one that XML cannot hold."""
    return _UNFIT.sub("\ufffd", text)
