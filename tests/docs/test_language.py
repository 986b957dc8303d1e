"""Prose (pages, docstrings and comments) is free of habits that read like a translation."""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

HABITS = {
    r"(go|goes|going|gone|went) on": "resume, continue",
    r"beside": "next to, with",
    r"told|tells? (of|about|how|what|which|whether|in)": "report, print, raise, describe",
    r"(stands?|stood|lies|lie|lay) (in|at|on|below|beside|there)": "is, is stored in",
    r"(a|one|lines?|values?|clips|frames|seconds|s) a (clip|tick|step|kimg|rung|video)": "per",
    r"(?-i:# Of)": "a whole clause, subject first",
    r"--(most|least|fewest)_\w+": "--max_, --min_",
}


def prose_of(name):
    """Yields (line, text): a page without its code, or docstrings and comments of a module."""
    text = (ROOT / name).read_text()
    if name.endswith(".md"):
        yield 1, re.sub(r"```.*?```", lambda code: "\n" * code[0].count("\n"), text, flags=re.S)
        return
    for node in ast.walk(ast.parse(text)):
        described = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if described and (docstring := ast.get_docstring(node, clean=False)):
            yield node.body[0].lineno, docstring
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def found(name):
    """The habits in a file, as "file:line words -> what to write"."""
    for line, text in prose_of(name):
        for habit, better in HABITS.items():
            for match in re.finditer(rf"(?<!\w)({habit})(?!\w)", text, re.I):
                place = f"{name}:{line + text[: match.start()].count(chr(10))}"
                yield f"{place} {' '.join(match[0].split())} -> {better}"


def files():
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.py", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in listed.stdout.split() if (ROOT / name).exists()] or ["README.md"]


@pytest.mark.parametrize("name", files())
def test_plain_english(name):
    assert list(found(name)) == []
