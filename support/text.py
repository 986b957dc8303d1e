"""Text that comes from file names, and is safe to print."""

import unicodedata

_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # change the direction of text


def printable(text: str) -> str:
    """The text on one line, with backslashes for what a terminal or a table would misunderstand.

    File names are bytes: they may be no UTF-8, and hold newlines or the sequences by which a
    terminal is controlled.
    """
    text = text.encode(errors="backslashreplace").decode()
    return "".join(map(_escape, text))


def _escape(character):
    is_control = unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in _TURNING
    return character.encode("unicode_escape").decode() if is_control else character
