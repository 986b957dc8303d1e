from pathlib import Path

import pytest

from support.addresses import is_remote, normalise


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("gs://bucket/a", "gs://bucket/a"),
        (Path("s3://bucket/a"), "s3://bucket/a"),
        (Path("https://bucket/a#sha256=0"), "https://bucket/a#sha256=0"),
        (Path("datasets/faces"), "datasets/faces"),
        ("/data/faces", "/data/faces"),
        ("file:///bucket/a", "file:///bucket/a"),
    ],
)
def test_paths(given, normal):
    assert normalise(given) == normal
    assert is_remote(given) == is_remote(normal) == ("bucket" in normal)
