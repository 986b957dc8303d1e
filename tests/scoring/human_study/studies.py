"""Studies of clips in memory, and answers of made-up raters."""

import numpy as np

from scoring.human_study.study import write_study
from tests.scoring.toys import Clips

HEADER = "study,rater,question,choice,seconds\n"


def moving(level, count=8, shape=(6, 16, 16)):
    """Clips of about one grey level, on which a bright column moves."""
    clips = Clips(count, seed=level)
    clips.array = np.full((count, *shape, 3), level, np.uint8)
    for t in range(shape[0]):
        clips.array[:, t, :, t] = 250
    return clips


def make_study(folder, **more):
    """A study of three models with four questions for each two, and four catch pairs."""
    models = {"swgan": moving(40), "wgan_gp": moving(90), "runs/old": moving(140)}
    return write_study(folder, models, moving(200), **{"pairs": 4, "catch": 4, "fps": 12} | more)


def answer_all(key, rater, prefer):
    """The lines of a rater who chooses the source with the largest `prefer(source)`."""
    lines = []
    for number, question in enumerate(key["questions"]):
        left, right = (prefer(question[side]["source"]) for side in ("left", "right"))
        choice = "left" if left > right else "right"
        lines.append(f"{key['study']},{rater},{number},{choice},1.50\n")
    return HEADER + "".join(lines)
