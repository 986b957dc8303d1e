"""Images: shown as a viewer shows them, or rejected with the reason."""

import numpy as np
import pytest
from PIL import Image

from dataset.readers.images import read_image
from dataset.readers.source import MAX_PIXELS, RejectedSource
from tests.dataset.videos import write_image

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
# What a picture has to go through when EXIF says so (orientations 1 to 8 of the standard).
ORIENTATIONS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_turns_the_picture(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    expected = ORIENTATIONS[orientation](PIXELS)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), expected)


def test_grey_becomes_rgb_with_8_and_with_16_bits(tmp_path):
    grey = PIXELS[..., 0]
    expected = grey[..., None].repeat(3, -1)
    np.testing.assert_array_equal(read_image(write_image(tmp_path / "8.png", grey)), expected)
    deep = write_image(tmp_path / "16.png", grey.astype(np.uint16) * 256 + 77)
    np.testing.assert_array_equal(read_image(deep), expected)


def test_what_is_transparent_is_black(tmp_path):
    alpha = np.full((8, 12, 1), 255, np.uint8)
    alpha[0], alpha[1] = 0, 51
    pixels = read_image(write_image(tmp_path / "a.png", np.concatenate([PIXELS, alpha], -1)))
    np.testing.assert_array_equal(pixels[0], 0)
    np.testing.assert_allclose(pixels[1], PIXELS[1] / 5, atol=0.5)
    np.testing.assert_array_equal(pixels[2:], PIXELS[2:])


def test_a_picture_too_large_is_rejected_before_it_is_read(tmp_path):
    side = int(MAX_PIXELS**0.5)
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 %d %d 255\n" % (side, side + 1) + bytes(100))
    with pytest.raises(RejectedSource, match=f"up to {MAX_PIXELS} pixels .* 8192x8193"):
        read_image(path)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_image_is_rejected(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(RejectedSource, match="should be a whole image. Received: "):
        read_image(path)


def test_numbers_that_are_no_grey_levels_are_rejected(tmp_path):
    path = write_image(tmp_path / "a.tif", np.ones((4, 4), np.float32), "tiff")
    with pytest.raises(
        RejectedSource, match="should have 8 or 16 bits per channel. Received: mode F"
    ):
        read_image(path)
