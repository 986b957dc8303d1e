"""A table as Markdown, CSV, LaTeX and HTML."""

import csv
import html
import io

from study.rows import COLUMNS, Table

_LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {"~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}
_LATEX["\\"] = "\\textbackslash{}"


def to_markdown(table: Table) -> str:
    """The table in Markdown, with its title."""
    head, *rows = ([cell.replace("|", "\\|") for cell in line] for line in table.cells())
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return f"**{table.title}**\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_csv(table: Table) -> str:
    """One line per run and kind of reals, without rounding."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    keys = [column.key for column in COLUMNS]
    writer.writerow(["data", "budget", "system", "seed", *keys, "published"])
    for row in table.rows:
        published = row.published.get(table.published_measure, "")
        for seed in row.seeds:
            values = ["" if seed.get(key) is None else seed[key] for key in keys]
            about = [table.data.name, table.budget.name, row.name, seed.get("seed", "")]
            writer.writerow([*about, *values, published])
    return stream.getvalue()


def to_latex(table: Table) -> str:
    """The table in LaTeX, which needs no package."""
    head, *rows = ([_escape(cell) for cell in line] for line in table.cells())
    lines = [" & ".join(line) + r" \\" for line in (head, *rows)]
    body = "\n".join([lines[0], r"\hline", *lines[1:]])
    columns = "l" + "r" * (len(head) - 1)
    return (
        "\\begin{table}\n\\centering\n"
        f"\\caption{{{_escape(table.title)}}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\hline\n{body}\n\\hline\n\\end{{tabular}}\n"
        "\\end{table}\n"
    )


def to_html(table: Table) -> str:
    """The table in HTML."""
    head, *rows = ([html.escape(cell) for cell in line] for line in table.cells())
    lines = ["".join(f"<th>{cell}</th>" for cell in head)]
    lines += [
        f"<th>{title}</th>" + "".join(f"<td>{cell}</td>" for cell in cells)
        for title, *cells in rows
    ]
    return "<table>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>\n"


def _escape(text):
    return "".join(_LATEX.get(character, character) for character in text)
