"""Samples of all systems next to each other (figures 8.2 to 8.4), and scores over training."""

from pathlib import Path

import numpy as np

from study.rows import Row, Table
from study.steps import Study
from support.arrays import open_array
from support.captions import name_rows
from support.media import FPS, evenly, filmstrip, tile_clips, write_clip
from support.plots import plot_progress

_MOVING, _FRAMES = 4, 8  # clips per row of the grid that moves, frames per row of the still one
_MEASURES = {
    "inception_score": "inception score",
    "frechet_distance": "Frechet distance",
    "swd": "sliced Wasserstein distance",
}
_MINUTES = 60.0


def rows_with_clips(study: Study, table: Table) -> dict[str, tuple[Row, np.ndarray]]:
    """Clips [N, T, H, W, 3] uint8 of the first run of each row that has some, by its name."""
    found = {}
    for row in table.rows:
        for seed in row.seeds[:1]:
            path = study.result(seed["run"]).with_suffix(".npy")
            if path.exists():
                found[row.name] = (row, np.array(open_array(path)))
    return found


def draw_samples(study: Study, table: Table, folder: Path) -> dict[str, Path]:
    """Writes a grid of all systems, moving and still, and an animation per system.

    Returns:
        The files: "moving", "still", and each system by name; {} where there are no clips.
    """
    rows = rows_with_clips(study, table)
    if not rows:
        return {}
    names = [row.title for row, _ in rows.values()]
    shape = tuple(
        max(sizes) for sizes in zip(*(c.shape[1:4] for _, c in rows.values()), strict=True)
    )
    clips = np.stack([_fitted(clips, (_MOVING, *shape)) for _, clips in rows.values()])
    files = {"moving": folder / f"samples-{table.name}.webp"}
    grid = tile_clips(clips.reshape(-1, *clips.shape[2:]), _MOVING)
    write_clip(files["moving"], name_rows(grid, names), FPS)
    files["still"] = folder / f"samples-{table.name}.png"
    write_clip(files["still"], name_rows(filmstrip(clips[:, 0], _FRAMES), names), FPS)
    for name, (_, own) in rows.items():
        files[name] = folder / f"samples-{table.name}-{name}.webp"
        write_clip(files[name], tile_clips(own, _MOVING), FPS)
    return files


def draw_progress(table: Table, folder: Path) -> list[Path]:
    """Draws scores against kimg (figure 8.5) and against CPU time (figure 8.6)."""
    curves = {
        row.title: [_points(seed) for seed in row.seeds if "curve" in seed] for row in table.rows
    }
    curves = {title: runs for title, runs in curves.items() if runs}
    if not curves:
        return []
    reals = [seed for row in table.rows if row.name == "real" for seed in row.seeds]
    references = {"inception_score": reals[0]["inception_score"]} if reals else {}
    measured = {key for runs in curves.values() for run in runs for point in run for key in point}
    measures = {key: title for key, title in _MEASURES.items() if key in measured}
    files = []
    for number, axis in (("8_5", ("kimg", "kimg")), ("8_6", ("minutes", "CPU minutes"))):
        files.append(folder / f"figure_{number}-{table.name}.png")
        plot_progress(curves, axis, measures, references, files[-1], table.title)
    return files


def _points(seed):
    return [
        point | {"minutes": None if point["seconds"] is None else point["seconds"] / _MINUTES}
        for point in seed["curve"]
    ]


def _fitted(clips, shape):
    """`clips` at the size `shape` [N, T, H, W]: by repetition where they are smaller."""
    for axis, size in enumerate(shape):
        places = np.arange(size) * clips.shape[axis] // size
        if clips.shape[axis] > size:
            places = evenly(clips.shape[axis], size) if axis else np.arange(size)
        clips = np.take(clips, places, axis)
    return clips
