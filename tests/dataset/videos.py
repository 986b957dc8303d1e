"""Small videos that the tests make."""

from pathlib import Path

import av
import numpy as np
from PIL import Image


def picture(level: int, height: int = 32, width: int = 48) -> np.ndarray:
    """A plain grey frame uint8 [H, W, 3]."""
    return np.full((height, width, 3), level, np.uint8)


def write_video(path: Path, frames, codec: str = "mpeg4", gop: int = 12, rate: int = 25) -> Path:
    """Encodes frames uint8 [H, W, 3] as the suffix and the codec say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate, options={"g": str(gop)})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        stream.codec_context.thread_count = 2  # The bytes depend on it, so not on the machine.
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    return path


def noisy(num_frames: int, height: int = 64, width: int = 64, seed: int = 0) -> list[np.ndarray]:
    """Frames that do not compress, so that a cut goes through the picture."""
    random = np.random.default_rng(seed)
    return list(random.integers(0, 256, (num_frames, height, width, 3), np.uint8))


def cut(path: Path, share: float = 0.5) -> Path:
    """Throws away the end of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def write_image(path: Path, pixels: np.ndarray, file_type: str = "png") -> Path:
    """Writes uint8 [H, W, C] as `file_type`, whatever the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format=file_type)
    return path
