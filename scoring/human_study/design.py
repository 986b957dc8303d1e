"""Which clips people compare: pairs of models, and catch pairs that show who pays attention."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

REAL, NOISE, FROZEN = "(real)", "(noise)", "(frozen)"  # the sources of catch pairs


@dataclasses.dataclass(frozen=True)
class Item:
    """A clip: its source is a model, or one of those of catch pairs."""

    source: str
    index: int  # in the order in which the clips of the source are drawn


@dataclasses.dataclass(frozen=True)
class Question:
    """Two clips next to each other. In a catch pair one is real, and the other cannot be."""

    left: Item
    right: Item
    catch: bool = False


def draw_questions(models: Sequence[str], pairs: int, catch: int, seed: int) -> list[Question]:
    """All questions in their order.

    Args:
        models: their names; each is compared with each other one.
        pairs: number of questions for two models. Each model is on the left in half of them.
        catch: number of catch pairs: reals next to noise and next to frozen reals, in turn.
        seed: of sides and order.
    """
    random = np.random.default_rng(seed)
    couples = [
        [(Item(a, i), Item(b, i)) for i in range(pairs)]
        for a, b in itertools.combinations(models, 2)
    ]
    fakes = [Item(FROZEN if i % 2 else NOISE, i) for i in range(catch)]
    couples.append([(Item(REAL, i), fake) for i, fake in enumerate(fakes)])
    questions = []
    for couple in couples:
        swapped = random.permutation(len(couple)) % 2
        for (a, b), swap in zip(couple, swapped, strict=True):
            sides = (b, a) if swap else (a, b)
            questions.append(Question(*sides, catch=a.source == REAL))
    return [questions[i] for i in random.permutation(len(questions))]
