"""Model cards: what is known of a snapshot, stored next to its weights; the pair can be shared.

A card is JSON. The resolved "config" and "nimg" are enough to build the generator; the rest
describes its origin and its scores. The data set is given by name, hash and frame rate only.
"""

import datetime
from pathlib import Path

from config import Config, from_dict
from growth.phase import phase_until
from run_folder.reading import read_description, read_history, read_scores
from support.errors import UserError
from support.files import sha256
from support.json_files import check_schema, read_json
from support.media import known_rate
from support.weights import check_file, check_hash, sidecar_of

_KIND = "generator of clips"
_MAX_RUNGS = 32
_MEASURED = ("swd", "motion")  # What names of distances begin with.


def make_card(run: Path, nimg: int) -> dict:
    """The card of the run's snapshot at `nimg`, with the last distance and scores up to there."""
    description = read_description(run)
    config = from_dict(description["config"])
    phase = phase_until(nimg, config.schedule, config.ladder)
    rung = config.ladder[phase.level]
    history, scores = (
        [line for line in read(run) if line["nimg"] <= nimg] for read in (read_history, read_scores)
    )
    fps = known_rate(description["data"].get("fps"))
    distances = [line for line in history if "swd" in line]
    return {
        "kind": _KIND,
        "name": config.name,
        "nimg": nimg,
        "kimg": nimg / 1000,
        "phase": {
            "rung": str(rung),
            "fading": phase.fading,
            "weight": phase.weight,
            "lod": phase.lod,
        },
        "latents": f"[N, {config.latent_size}] float32, drawn from N(0, I)",
        **_labels(config.class_names),
        **_past(config.ladder.past_frames(config.prediction.past, phase.level), rung),
        "clips": f"[N, {', '.join(map(str, rung.shape))}, 3] float32, RGB, about [-1, 1]",
        "distance": _distance(distances[-1]) if distances else None,
        "scores": list({line["protocol"]: _score(line) for line in scores}.values()),
        "data": {
            "name": Path(description["data"].get("folder", "")).name,
            "sha256": description["data"].get("sha256"),
        }
        | ({"fps": fps} if fps else {}),
        "versions": description["versions"],
        "config": config.as_dict(),
    }


def add_hash(card: dict, weights: Path) -> dict:
    """`card` with the hash and the date of the file of `weights`."""
    date = datetime.datetime.fromtimestamp(weights.stat().st_mtime, datetime.UTC)
    return card | {"sha256": sha256(weights), "date": date.isoformat(timespec="seconds")}


def read_card(weights: Path) -> tuple[dict, Config]:
    """The card of the file of `weights`, and the config in it.

    Raises:
        UserError: no weights, no card next to them, or a damaged or another model's card.
    """
    check_file(weights, "A model", "with its card next to it")
    path = sidecar_of(weights)
    card = read_json(path, {"kind": str, "nimg": int, "sha256": str, "config": dict})
    if card["kind"] != _KIND or card["nimg"] < 0:
        raise UserError(f"Cannot read {path}: it is no model card of a {_KIND}.")
    try:
        config = from_dict(card["config"])
    except UserError as error:
        raise UserError(f"Cannot read {path}: {error}") from error
    check_schema(card.get("data", {}), {"fps?": float | None}, path, "data")
    check_hash(weights, card["sha256"])
    _check_size(config, path, weights)
    return card, config


def _check_size(config, path, weights):
    """Raises `UserError` for a network that the file cannot hold, or that takes long to build."""
    rungs, latent_size = len(config.ladder), config.latent_size
    size = weights.stat().st_size
    if rungs > _MAX_RUNGS:
        raise UserError(
            f"Cannot read {path}: its ladder has {rungs} rungs, more than {_MAX_RUNGS}."
        )
    if 4 * latent_size > size:
        raise UserError(
            f"Cannot read {path}: latent_size={latent_size} does not fit in the {size} bytes of "
            f"{weights}."
        )


def _labels(names):
    text = f"[N] int32, 0 to {len(names) - 1}: {', '.join(names)}"
    return {"labels": text} if names else {}


def _past(frames, rung):
    shape = (frames, rung.height, rung.width, 3)
    text = f"[N, {', '.join(map(str, shape))}] float32, RGB in [-1, 1], the first frames of a clip"
    return {"past": text} if frames else {}


def _distance(line):
    return {k: v for k, v in line.items() if k == "kimg" or k.startswith(_MEASURED)}


def _score(line):
    """A score without all that it depends on, but for the network."""
    short = {key: value for key, value in line.items() if key != "details"}
    return short | {"network_sha256": line["details"]["network"]["sha256"]}
