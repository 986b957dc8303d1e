import numpy as np
import pytest

from sampling.latents import sample_latents, share_part
from support.errors import UserError

PARTS = {"content": 3, "category": 0, "motion": 4}


def test_a_part_is_shared_and_the_others_stay():
    latents = sample_latents(5, 7, seed=0)
    shared = share_part(latents, PARTS, "content")
    np.testing.assert_array_equal(shared[:, :3], latents[:1, :3].repeat(5, 0))
    np.testing.assert_array_equal(shared[:, 3:], latents[:, 3:])
    shared = share_part(latents, PARTS, "motion")
    np.testing.assert_array_equal(shared[:, 3:], latents[:1, 3:].repeat(5, 0))
    np.testing.assert_array_equal(shared[:, :3], latents[:, :3])


@pytest.mark.parametrize("name", ["category", "colour"])
def test_other_parts_are_refused(name):
    with pytest.raises(UserError, match=f"parts, content, motion. Received: {name}"):
        share_part(sample_latents(2, 7, seed=0), PARTS, name)
