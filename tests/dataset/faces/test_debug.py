import numpy as np

from dataset.faces.debug import draw
from dataset.faces.detect import EYES, Box
from dataset.faces.plan import Plan
from dataset.faces.shots import Shot
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Face, Track

GREEN, ORANGE, BLUE = (0, 255, 0), (255, 160, 0), (0, 160, 255)


def places(frame, colour):
    """First and last row and column with this colour, or None."""
    found = np.argwhere((frame == colour).all(-1))
    return (*found.min(0), *found.max(0)) if len(found) else None


def test_what_was_seen_is_drawn_where_it_lies():
    # The film is twice as large as what is drawn: 720 lines.
    box, enlarge = Box(100, 50, 80), Similarity(2, 0.5 + 0.5j)
    faces = [Face(box, found, box.at(EYES), Similarity()) for found in (True, False)]
    shots = [
        Shot(range(2), [], enlarge, (720, 1280)),
        Shot(range(2, 5), [Track(3, faces)], enlarge, (720, 1280)),
    ]
    clip = Similarity(2, 300 + 200j)  # 150, 100 to 214, 164 in the drawing.
    plan = Plan(1, range(4, 5), [clip], np.ones(1, bool), np.ones(1))
    landmarks = np.full((5, 1, 68, 2), np.nan)
    landmarks[2] = 600, 500
    frames = [np.zeros((720, 1280, 3), np.uint8)] * 5
    drawn = list(draw(frames, shots, [plan], 64, landmarks))
    assert [frame.shape for frame in drawn] == [(360, 640, 3)] * 5
    found, followed = drawn[3:]
    assert places(found, GREEN) == (50, 100, 130, 180)
    assert found[81, 127].tolist() == list(GREEN)  # An eye.
    assert places(found, ORANGE) is None
    assert places(followed, ORANGE) is not None
    assert places(followed, GREEN) is None
    np.testing.assert_allclose(places(followed, BLUE), (100, 150, 164, 214), atol=1)
    assert places(drawn[1], BLUE) is None
    assert (drawn[2][248:252, 298:302] == 255).any()
