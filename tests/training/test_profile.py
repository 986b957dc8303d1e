"""A profile is written of as many steps as are asked for."""

import tensorflow as tf

from training.loop import Call
from training.profile import Profile


def _call(profile, steps, number):
    for _ in range(number):
        profile.before(None, None)
        tf.reduce_sum(tf.ones([3, 3])).numpy()
        profile.after(None, Call(None, steps, steps, {}))


def test_profiles_whole_calls_after_the_first(tmp_path):
    profile = Profile(tmp_path, 6)
    _call(profile, 4, 2)
    assert not list(tmp_path.iterdir())
    _call(profile, 4, 3)
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


def test_an_interrupted_profile_is_written(tmp_path):
    profile = Profile(tmp_path, 100)
    _call(profile, 4, 3)
    profile.end(None, None)
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


def test_writes_nothing_unasked(tmp_path):
    _call(Profile(tmp_path, 0), 4, 3)
    assert not list(tmp_path.iterdir())
