"""Text for people: file names that are safe to print, and times."""

import datetime
import unicodedata

_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # change the direction of text


def printable(text: str) -> str:
    """The text on one line, with backslashes for what a terminal or a table would misunderstand.

    File names are bytes: they may be no UTF-8, and hold newlines or the sequences by which a
    terminal is controlled.
    """
    text = text.encode(errors="backslashreplace").decode()
    return "".join(map(_escape, text))


def utc_now() -> str:
    """The time, such as "2026-11-25T17:03:59+00:00"."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _escape(character):
    is_control = unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in _TURNING
    return character.encode("unicode_escape").decode() if is_control else character
