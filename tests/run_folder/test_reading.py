from run_folder.reading import terms_of


def test_terms_are_all_that_is_no_bookkeeping():
    line = {
        "tick": 1,
        "nimg": 16,
        "kimg": 0.016,
        "lod": 1.5,
        "rung": "4x4x4",
        "fading": False,
        "minibatch": 4,
        "sec_per_kimg": 1.0,
        "generator_rate": 1e-3,
        "critic_rate": 1e-3,
        "skipped": 0,
        "rollbacks": 0,
    }
    distances = {
        "swd": 1.0,
        "swd_floor": 0.5,
        "distance_clips": 8,
        "motion": 2.0,
        "motion_reals": 3.0,
    }
    first = line | {"critic": 0.1, "gradient_penalty": 0.2}
    second = line | distances | {"critic": 0.1, "kick": 0.3, "swing": 0.4}
    assert terms_of([]) == []
    assert terms_of([line, first, second]) == ["critic", "gradient_penalty", "kick", "swing"]
