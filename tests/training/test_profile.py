"""A profile is written of as many steps as are asked for."""

import tensorflow as tf

from training.profile import Profile


def _calls(profile, steps, number):
    taken = []
    for _ in range(number):
        count = profile.begin(steps)
        tf.reduce_sum(tf.ones([3, 3])).numpy()
        profile.end(count)
        taken.append(count)
    return taken


def test_takes_as_many_steps_after_the_first_call(tmp_path):
    assert _calls(Profile(tmp_path, 6), 4, 5) == [4, 4, 2, 4, 4]
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


def test_an_interrupted_profile_is_written(tmp_path):
    profile = Profile(tmp_path, 100)
    _calls(profile, 4, 3)
    profile.close()
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


def test_writes_nothing_unasked(tmp_path):
    assert _calls(Profile(tmp_path, 0), 4, 3) == [4, 4, 4]
    assert not list(tmp_path.iterdir())
