"""Writes what a study has found so far: tables, figures, grids of samples, and a page.

results.json      one object per run and kind of reals
tables.md, .csv, .tex
figure_8_5-*, figure_8_6-*   scores against kimg, and against CPU time
samples-*         grids of samples
index.html        all of them, with moving samples
"""

import html

from study.formats import to_csv, to_html, to_latex, to_markdown
from study.pictures import draw_progress, draw_samples
from study.rows import Table, read_tables, write_results
from study.steps import Study
from support.files import write_atomically
from support.json_files import read_json

_STYLE = (
    "body{font:15px sans-serif;margin:2em;max-width:75em}"
    "table{border-collapse:collapse}th,td{padding:.2em .6em;text-align:right;"
    "border-bottom:1px solid #ccc}th:first-child{text-align:left}"
    "figure{display:inline-block;margin:.5em}img{max-width:100%}figcaption{text-align:center}"
)


def write_report(study: Study) -> list[Table]:
    """Writes all files into the folder of the study; returns the tables."""
    tables, folder = read_tables(study), study.folder
    write_results(study, tables)
    notes = {table.name: describe_conditions(study, table) for table in tables}
    parts = [f"{to_markdown(table)}\n{_list(notes[table.name])}" for table in tables]
    _write(folder / "tables.md", "\n".join(parts))
    head, *_ = to_csv(tables[0]).splitlines()
    lines = [line for table in tables for line in to_csv(table).splitlines()[1:]]
    _write(folder / "tables.csv", "\n".join([head, *lines]) + "\n")
    _write(folder / "tables.tex", "\n".join(map(to_latex, tables)))
    sections = []
    for table in tables:
        pictures = draw_samples(study, table, folder)
        figures = draw_progress(table, folder)
        sections.append(_section(table, notes[table.name], pictures, figures))
    _write(folder / "index.html", _page(sections))
    return tables


def describe_conditions(study: Study, table: Table) -> list[str]:
    """Sentences on what the numbers of a table depend on."""
    scale, data = study.scale, table.data
    seeds = ", ".join(map(str, scale.seeds))
    found = [
        f"Seeds {seeds}; with several, the median and in brackets each of them.",
        f"Scores by the protocol {data.protocol}, {scale.clips} clips per repeat and for the "
        "distances; the last snapshot of each run.",
        f"* the best inception score of a snapshot, of {scale.curve_clips} clips per repeat: "
        "not comparable with the first column.",
        "Sliced Wasserstein distance x 1000 of patches; motion energy in grey levels per frame.",
        "Memorisation: distance to the nearest training clip, relative to that of held-out clips; "
        "0 for copies.",
        "CPU minutes of the training process, with its start and its reports.",
    ]
    sidecar = study.about_network(data)
    trained = read_json(sidecar, dict).get("training", {}) if sidecar.exists() else {}
    if "held_out_accuracy" in trained:
        found.append(
            "The network for scores classifies {held_out_accuracy:.3f} of the held-out clips "
            "correctly, and {shuffled_accuracy:.3f} after their frames are shuffled.".format(
                **trained
            )
        )
    for row in table.rows:
        if row.missing and row.seeds:
            numbers = ", ".join(map(str, row.missing))
            found.append(f"{row.title}: not measured with seed {numbers}.")
        for seed in row.seeds[: row.name == "real"]:
            floor = f"sliced Wasserstein distance {seed['swd_floor']:.0f}"
            if "frechet_distance_floor" in seed:
                floor += f", Frechet distance {seed['frechet_distance_floor']:.4g}"
            found.append(f"Floors, which other reals reach: {floor}.")
    if any(row.published for row in table.rows):
        found.append("Published values are of other networks and protocols: not comparable.")
    return found


def _section(table, notes, pictures, figures):
    parts = [f"<h2>{html.escape(table.title)}</h2>", to_html(table)]
    parts.append("<ul>" + "".join(f"<li>{html.escape(note)}</li>" for note in notes) + "</ul>")
    for row in table.rows:
        if row.name in pictures:
            title = html.escape(row.title)
            image = f'<img src="{pictures[row.name].name}" alt="samples of {title}"/>'
            parts.append(f"<figure>{image}<figcaption>{title}</figcaption></figure>")
    parts += [f'<p><img src="{path.name}" alt="{path.stem}"/></p>' for path in figures]
    return "\n".join(parts)


def _page(sections):
    body = "\n".join(sections)
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en" xmlns="http://www.w3.org/1999/xhtml">\n<head><meta charset="utf-8"/>'
        f"<title>Generators of video compared</title><style>{_STYLE}</style></head>\n"
        f"<body>\n<h1>Generators of video compared</h1>\n{body}\n</body>\n</html>\n"
    )


def _list(notes):
    return "".join(f"- {note}\n" for note in notes)


def _write(path, text):
    with write_atomically(path) as temporary:
        temporary.write_text(text)
