"""Writes a study: a folder with the page to hand out, and the key to keep.

page/index.html      the questions; opens from disk, without a network
page/clips/*.mp4     clips with numbers for names
key.json             which clip is whose
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scoring.clip_sets import ClipSet
from scoring.human_study.design import FROZEN, NOISE, REAL, Item, draw_questions
from scoring.selection import fake_order
from support.deferred import cv2
from support.errors import UserError
from support.files import new_folder, write_json
from support.media import FPS, enlarge, write_clip
from support.pages import page_environment

QUESTION = "Which video is more realistic?"
KEY = "key.json"
_TEMPLATES = Path(__file__).parent / "templates"
_SIDE = 256  # pixels: smaller clips are enlarged


def write_study(
    folder: Path,
    models: Mapping[str, ClipSet],
    reals: ClipSet | None,
    *,
    pairs: int = 80,
    catch: int = 10,
    fps: float = FPS,
    seed: int = 0,
    question: str = QUESTION,
) -> dict[str, Any]:
    """Writes a new folder, with clips of one size and one rate.

    Args:
        folder: to write.
        models: at least two sets of clips, by name.
        reals: for catch pairs.
        pairs: number of questions for each two models.
        catch: number of catch pairs; 0 without `reals`.
        fps: frames per second.
        seed: of clips, sides and order.
        question: that people answer.

    Returns:
        The key, as it is written.

    Raises:
        UserError: too few clips, or clips of different aspect ratios.
        ValueError: there are catch pairs without `reals`.
    """
    if catch and reals is None:
        raise ValueError(f"`catch` should be 0 without `reals`. Received: {catch}")
    questions = draw_questions(list(models), pairs, catch, seed)
    sets = dict(models) | ({REAL: reals} if reals is not None and catch else {})
    counts = {name: catch if name == REAL else pairs for name in sets}
    _check_counts(sets, counts)
    shape = _common_shape(sets)
    numbers = _number(questions, seed)
    key = _describe(questions, numbers, models, reals, shape, fps, seed)
    with new_folder(folder) as temporary:
        clips = temporary / "page" / "clips"
        for name, count in counts.items():
            for item, clip in _clips(name, sets[name], count, shape, seed):
                if item in numbers:
                    write_clip(clips / f"{numbers[item]}.mp4", enlarge(clip, _SIDE), fps)
        page = _render(key, question)
        (temporary / "page/index.html").write_text(page, encoding="utf-8")
        write_json(temporary / KEY, key)
    return key


def _check_counts(sets, counts):
    for name, count in counts.items():
        if len(sets[name]) < count:
            argument = "catch" if name == REAL else "pairs"
            raise UserError(
                f"`{argument}` should be at most {len(sets[name])}, the clips of {name}. "
                f"Received: {count}"
            )


def _number(questions, seed):
    """A name for the file of each clip, in an order that says nothing of its source."""
    items = list(dict.fromkeys(item for q in questions for item in (q.left, q.right)))
    order = np.random.default_rng((seed, 1)).permutation(len(items))
    return {item: f"{number:04d}" for item, number in zip(items, order, strict=True)}


def _clips(name, clip_set, count, shape, seed) -> Iterator[tuple[Item, np.ndarray]]:
    """The clips of a source that may be asked for; for reals, also what is made of them."""
    order = fake_order(clip_set, seed)
    # A set may be a model too: its clips of catch pairs are others, as far as it has some.
    drawn = (order[-count:] if name == REAL else order[:count]).tolist()
    random = np.random.default_rng((seed, 2))
    for i, clip in enumerate(clip_set.clips(drawn)):
        clip = _fit(clip, shape, f"clip {drawn[i]} of {name}")
        yield Item(name, i), clip
        if name == REAL:
            yield Item(NOISE, i), random.integers(0, 256, clip.shape, np.uint8)
            yield Item(FROZEN, i), np.repeat(clip[:1], len(clip), axis=0)


def _common_shape(sets):
    """(frames, height, width) that all clips are brought to: the smallest of their first clips."""
    shapes = {name: next(iter(clips.clips([0]))).shape[:3] for name, clips in sets.items()}
    (first, (_, height, width)), *others = shapes.items()
    for name, (_, h, w) in others:
        if h * width != w * height:
            raise UserError(
                f"`models` should have clips of one aspect ratio. Received: {height}x{width} in "
                f"{first} and {h}x{w} in {name}"
            )
    return tuple(int(n) for n in np.min(list(shapes.values()), axis=0))


def _fit(clip, shape, what):
    """The central frames of a clip, at the common size."""
    frames, height, width = shape
    if len(clip) < frames or clip.shape[1] * width != clip.shape[2] * height:
        found = "x".join(map(str, clip.shape[:3]))
        raise UserError(f"{what} should fit in {frames}x{height}x{width}. Received: {found}")
    begin = (len(clip) - frames) // 2
    clip = clip[begin : begin + frames]
    if clip.shape[1:3] == (height, width):
        return clip
    return np.stack([cv2.resize(f, (width, height), interpolation=cv2.INTER_AREA) for f in clip])


def _describe(questions, numbers, models, reals, shape, fps, seed):
    listed = [
        {
            "left": dataclasses.asdict(q.left) | {"file": numbers[q.left]},
            "right": dataclasses.asdict(q.right) | {"file": numbers[q.right]},
            "catch": q.catch,
        }
        for q in questions
    ]
    about = {name: clip_set.about for name, clip_set in models.items()}
    digest = hashlib.sha256(json.dumps([listed, about]).encode()).hexdigest()
    return {
        "study": digest[:12],
        "models": about,
        "reals": reals.about if reals is not None else None,
        "seed": seed,
        "fps": fps,
        "shape": list(shape),
        "questions": listed,
    }


def _render(key, question):
    files = [[q[side]["file"] for side in ("left", "right")] for q in key["questions"]]
    about = {"study": key["study"], "files": files}
    template = page_environment(_TEMPLATES).get_template("study.html")
    return template.render(question=question, about=about)
