"""Videos for benchmarks: texture under a moving camera, with grain, as H.264."""

from pathlib import Path

import av
import cv2
import numpy as np

RATE = 25  # frames a second
GRAIN = 4.0  # grey levels, standard deviation


def make_videos(folder: Path, count: int, frames: int, width: int, height: int):
    """Writes `count` videos of `frames` frames; what is drawn follows from them."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pictures = _draw(np.random.default_rng(i), frames, width, height)
        _encode(folder / f"{i:04d}.mp4", pictures, width, height)


def _draw(random, frames, width, height):
    """Yields uint8 [H, W, 3]: a window that goes its way over a larger picture."""
    picture = _texture(random, 2 * width, 2 * height)
    grain = random.normal(0, GRAIN, (2 * height, 2 * width, 3)).astype(np.float32)
    place, speed = random.uniform(0, 1, 2), random.uniform(0.002, 0.008, 2)
    for _ in range(frames):
        place = np.where((place + speed > 1) | (place + speed < 0), place, place + speed)
        speed = np.where((place + speed > 1) | (place + speed < 0), -speed, speed)
        x, y = (place * (width, height)).astype(int)
        dx, dy = random.integers(0, (width, height))
        noise = grain[dy : dy + height, dx : dx + width]
        window = picture[y : y + height, x : x + width] + noise
        yield np.clip(window, 0, 255).astype(np.uint8)


def _texture(random, width, height):
    """Noise at every scale, the coarser the stronger, as in photographs."""
    total = np.full((height, width, 3), 128, np.float32)
    for scale in (4, 8, 16, 32, 64, 128):
        size = (-(-width // scale), -(-height // scale))
        noise = random.normal(0, 6 * np.sqrt(scale / 4), (*size[::-1], 3)).astype(np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return total


def _encode(path, pictures, width, height):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", RATE, options={"crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
