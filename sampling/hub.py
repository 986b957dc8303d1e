"""A model as the Hugging Face hub shows it: README.md with front matter, next to weights and card.

https://huggingface.co/docs/hub/model-cards describes the form.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sampling.latents import sample_latents
from support.media import FPS, tile_clips, to_uint8, write_clip

if TYPE_CHECKING:
    from sampling.snapshot import Snapshot

README, PICTURE = "README.md", "samples.webp"
_SIDE, _MAX_CLIPS = 512, 16  # pixels and clips of the picture
_PAPER = "https://arxiv.org/abs/1810.02419"
_TITLE = (
    "Towards High Resolution Video Generation with Progressive Growing of Sliced Wasserstein GANs"
)
_TAGS = ["video-generation", "gan", "progressive-growing", "sliced-wasserstein", "tensorflow"]
_UNKNOWN = "unknown"  # a licence, in the words of the hub
_NAMES = {  # What distances of a card are called.
    "swd": "sliced Wasserstein distance x 1000",
    "swd_floor": "the same between reals",
    "motion": "motion energy",
    "motion_reals": "motion energy of reals",
}


def write_hub(snapshot: "Snapshot", folder: Path):
    """Writes README.md and a moving picture of samples to a folder with the weights.

    A generator that predicts has no samples of latents alone, so there is no picture.
    """
    (folder / README).write_text(describe(snapshot), encoding="utf-8")
    if snapshot.config.prediction.past:
        return
    height = snapshot.config.ladder[snapshot.phase.level].height
    count = min(max(1, _SIDE // height) ** 2, _MAX_CLIPS)
    seed = snapshot.config.train.seed
    clips = snapshot.sample(sample_latents(count, snapshot.config.latent_size, seed))
    write_clip(folder / PICTURE, tile_clips(to_uint8(clips)), snapshot.fps or FPS)


def describe(snapshot: "Snapshot") -> str:
    """The text of README.md."""
    card, config = snapshot.card, snapshot.config
    rung = config.ladder[snapshot.phase.level]
    rows = [f"| {name} | {value:.6g} |" for name, value in numbers_of(card)]
    data, past = card.get("data", {}), config.prediction.past
    picture = "" if past else f"![Clips of random latents]({PICTURE})\n\n"
    command = "prediction --source=video.mp4 --output=future.mp4"
    if not past:
        command = "samples --num=16 --output=samples.mp4"
    task = f", which continues their first {past} frames" if past else ""
    return f"""{front_matter(card, config.name)}
# {config.name}

A generator of clips of {rung.frames} frames and {rung.width}x{rung.height} pixels{task}, trained on
{snapshot.phase.nimg / 1000:g} thousand clips. It implements [{_TITLE}]({_PAPER}).

{picture}## Use

With a checkout of the code:

```sh
python generate.py {command} --model=generator.weights.h5
```

`--model=hf://OWNER/NAME`, with the name of this repository, downloads the files first.
`generator.json` has all settings and the SHA-256 of the weights, which is verified when they are
loaded.

## Numbers

| measure | value |
|---|---|
{chr(10).join(rows) or "| none was measured | |"}

Distances compare only at the same size, number of clips and data set. The distance between reals is
the floor.

## Data

Data set `{data.get("name") or "unknown"}`, SHA-256 `{data.get("sha256") or "unknown"}`. Add its
source and its licence before you publish the model.

## Licence

Weights: {card.get("licence", _UNKNOWN)}.
"""


def numbers_of(card: dict[str, Any]) -> list[tuple[str, float]]:
    """(name, value) of the distances and scores of a card."""
    distance = card.get("distance") or {}
    numbers = [(name, distance[key]) for key, name in _NAMES.items() if key in distance]
    for score in card.get("scores", []):
        for key, value in score.items():
            if key.endswith(("_score", "_distance")):
                name = f"{key.replace('_', ' ')}, protocol {score['protocol']}"
                numbers.append((name, value))
    return numbers


def front_matter(card: dict[str, Any], name: str) -> str:
    """The YAML at the beginning; its values are JSON, which YAML includes."""
    metrics = [
        {"type": measure.partition(",")[0].replace(" ", "_"), "name": measure, "value": value}
        for measure, value in numbers_of(card)
    ]
    entries = {"license": card.get("licence", _UNKNOWN), "tags": _TAGS}
    if metrics:
        data = {"type": "video", "name": card.get("data", {}).get("name") or "unknown"}
        task = {"type": "video-generation", "name": "Video generation"}
        result = {"task": task, "dataset": data, "metrics": metrics}
        entries["model-index"] = [{"name": name, "results": [result]}]
    lines = [f"{key}: {json.dumps(value)}" for key, value in entries.items()]
    return "\n".join(["---", *lines, "---", ""])
