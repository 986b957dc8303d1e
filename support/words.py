"""Words of messages."""


def counted(number: int, noun: str) -> str:
    """Such as "1 clip" or "12 clips"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
