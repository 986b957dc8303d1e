"""Commands on a run, and the size of what they write."""

import av
from PIL import Image

from tests.commands.calls import call


def make(run, command, *arguments):
    call(command, f"--run={run}", *arguments)  # The last of two --run counts.


def size(path):
    """(frames, height, width) of a video or a picture."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return (len(frames), *frames[0].shape[:2])
    with Image.open(path) as picture:
        return (getattr(picture, "n_frames", 1), picture.height, picture.width)
