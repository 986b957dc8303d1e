"""Videos with more to say than their frames, that the tests make."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def encode(
    path: Path,
    frames,
    codec: str = "mpeg4",
    pix_fmt: str = "yuv420p",
    *,
    rate: int = 25,
    times=None,
    aspect: str | None = None,
    turn: tuple = (),
    sound: float = 0,
    sound_first: bool = False,
    options: dict | None = None,
    codec_options: dict | None = None,
) -> Path:
    """Encodes frames uint8 [H, W, 3 or 4].

    Args:
        path: of the file; the suffix is the container.
        frames: to encode.
        codec: of the picture.
        pix_fmt: of the picture, with alpha or without.
        rate: frames a second.
        times: when each frame begins, in 1 / rate seconds.
        aspect: width of a pixel over its height.
        turn: degrees counterclockwise, whether mirrored left to right, and upside down, then.
        sound: seconds of it.
        sound_first: it is the first stream.
        options: of the container.
        codec_options: of the encoder.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        kinds = ["picture", "sound"][: 2 if sound else 1]
        streams = {
            kind: container.add_stream("aac", 8000, layout="mono")
            if kind == "sound"
            else container.add_stream(codec, rate, options=codec_options or {})
            for kind in (reversed(kinds) if sound_first else kinds)
        }
        stream, voice = streams["picture"], streams.get("sound")
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if aspect:
            stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        if turn:
            stream.set_display_rotation(*turn)
        for i, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgba" if pixels.shape[-1] == 4 else "rgb24")
            frame.pts, frame.time_base = times[i] if times else i, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        for start in range(0, int(8000 * sound), 1024):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts = 8000, start
            container.mux(voice.encode(silence))
        if voice:
            container.mux(voice.encode())
    return path
