"""HTML pages from templates."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from support.words import counted


def page_environment(templates: Path) -> Environment:
    """The templates of a folder: texts are escaped, and a name that is not given is an error.

    `file(name)` puts a file of the folder in as it is, as for a style sheet. `number` and `counted`
    are filters.
    """
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["file"] = lambda name: Markup((templates / name).read_text("utf-8"))
    environment.filters["counted"] = counted
    environment.filters["number"] = lambda value: f"{value:,.6g}"
    return environment
