"""What the answers of a study say: preferences, agreement, and who failed the catch pairs."""

import csv
import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from metrics.preferences import binomial_p, bradley_terry, fleiss_kappa, wilson_interval
from scoring.human_study.design import REAL
from support.errors import UserError
from support.json_files import read_json

_SIDES = ("left", "right")
_COLUMNS = ("study", "rater", "question", "choice", "seconds")
_ITEM = {"source": str, "index": int}
_KEY = {
    "study": str,
    "models": dict,
    "questions": [{"left": _ITEM, "right": _ITEM, "catch": bool}],
}


@dataclasses.dataclass(frozen=True)
class Answer:
    """The side that a rater chose."""

    rater: str
    question: int
    choice: str


def read_key(path: Path) -> dict[str, Any]:
    """The key of a study; raises `UserError` where it is none."""
    return read_json(path, _KEY)


def read_answers(paths: Sequence[Path], key: dict[str, Any]) -> list[Answer]:
    """The answers in files that the page saved; of a rater's two answers the later one counts.

    Raises:
        UserError: a file is none of this study, or it is damaged.
    """
    answers = {}
    for path in paths:
        for number, row in enumerate(_rows(path), start=2):
            place = f"{path}, line {number}"
            if row["study"] != key["study"]:
                raise UserError(f"Cannot read {place}: it belongs to another study than the key.")
            question, choice = row["question"] or "", row["choice"]
            known = question.isdecimal() and int(question) < len(key["questions"])
            if not known or choice not in _SIDES or not row["rater"]:
                raise UserError(f"Cannot read {place}: it is no answer of a study.")
            answers[row["rater"], int(question)] = Answer(row["rater"], int(question), choice)
    return list(answers.values())


def summarise(
    key: dict[str, Any], answers: Sequence[Answer], min_catch: float = 0.8
) -> dict[str, Any]:
    """Summarises the answers of all raters who did not fail the catch pairs.

    Args:
        key: of the study.
        answers: of all raters.
        min_catch: share of the catch pairs answered that a rater should get right.

    Returns:
        "raters", by name: "answers", "catch" and "right" (catch pairs answered, and those in which
        the real clip was chosen), and "failed"; "left", the share of answers that are the left
        side; "pairs", a list with "models", "answers", "wins" (of the first model), "share", "low",
        "high" (95 % by Wilson) and "p" (two-sided binomial test); "strengths" of Bradley and Terry
        by model, None where they are not finite; "agreement" and "kappa" (Fleiss), None where no
        question has two answers.

    Raises:
        UserError: no answers are left.
    """
    raters = {name: _rate(key, answers, name, min_catch) for name in _names(answers)}
    kept = [answer for answer in answers if not raters[answer.rater]["failed"]]
    kept = [answer for answer in kept if not key["questions"][answer.question]["catch"]]
    if not kept:
        raise UserError(
            f"`answers` should hold answers of raters who passed the catch pairs. Received: "
            f"{len(raters)} raters without any"
        )
    models = list(key["models"])
    wins = _count_wins(key, kept, models)
    strengths = bradley_terry(wins)
    agreement, kappa = fleiss_kappa(_count_sides(key, kept))
    return {
        "study": key["study"],
        "raters": raters,
        "left": sum(answer.choice == "left" for answer in kept) / len(kept),
        "pairs": _pairs(wins, models),
        "strengths": None
        if strengths is None
        else dict(zip(models, strengths.tolist(), strict=True)),
        "agreement": None if np.isnan(agreement) else agreement,
        "kappa": None if np.isnan(kappa) else kappa,
    }


def _rows(path):
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"Cannot read {path}: it is no CSV file.") from error
    if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
        raise UserError(f"Cannot read {path}: it has no column {missing[0]}.")
    return rows


def _names(answers):
    return list(dict.fromkeys(answer.rater for answer in answers))


def _rate(key, answers, name, min_catch):
    """How a rater did in the catch pairs."""
    own = [answer for answer in answers if answer.rater == name]
    chosen = [_sources(key, answer) for answer in own if key["questions"][answer.question]["catch"]]
    right = sum(winner == REAL for winner, _ in chosen)
    failed = bool(chosen) and right / len(chosen) < min_catch
    return {"answers": len(own), "catch": len(chosen), "right": right, "failed": failed}


def _sources(key, answer):
    """The sources of the clip that was chosen, and of the other one."""
    question = key["questions"][answer.question]
    sources = [question[side]["source"] for side in _SIDES]
    return sources if answer.choice == "left" else sources[::-1]


def _count_wins(key, answers, models):
    """[M, M]: how often the row was preferred to the column."""
    wins = np.zeros((len(models), len(models)), int)
    for answer in answers:
        winner, loser = (models.index(source) for source in _sources(key, answer))
        wins[winner, loser] += 1
    return wins


def _count_sides(key, answers):
    """[questions, 2]: how many raters chose left and right."""
    counts = np.zeros((len(key["questions"]), 2), int)
    for answer in answers:
        counts[answer.question, _SIDES.index(answer.choice)] += 1
    return counts


def _pairs(wins, models):
    pairs = []
    for a, b in itertools.combinations(range(len(models)), 2):
        won, answers = int(wins[a, b]), int(wins[a, b] + wins[b, a])
        if answers:
            low, high = wilson_interval(won, answers)
            pair = {"models": [models[a], models[b]], "answers": answers, "wins": won}
            pair |= {"share": won / answers, "low": low, "high": high}
            pairs.append(pair | {"p": binomial_p(won, answers)})
    return pairs
