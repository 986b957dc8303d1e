from run_folder.reading import distances_since, find_best, terms_of


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


def distance(nimg, lod, swd, fading=False, floor=40.0):
    return {"nimg": nimg, "lod": lod, "fading": fading, "swd": swd, "swd_floor": floor}


def test_the_best_distance_is_one_of_the_finest_stable_rung():
    coarse, fading = distance(1, 1.0, 50), distance(2, 0.5, 45, fading=True)
    assert find_best([]) is None
    assert find_best([{"nimg": 1, "lod": 0.0, "fading": False}]) is None
    assert find_best([coarse, fading]) is coarse
    assert find_best([fading]) is fading  # There is no better one yet.
    fine = [distance(3, 0.0, 90), distance(4, 0.0, 80), distance(5, 0.0, 81), distance(6, 0.0, 99)]
    assert find_best([coarse, fading, *fine]) is fine[1]
    assert find_best([*fine, distance(7, 0.0, 100, floor=60.0)])["nimg"] == 7  # Fewer clips.
    assert distances_since([coarse, fading, *fine, {"nimg": 9, "lod": 0.0}], fine[1]) == 2
    assert distances_since([coarse, fading], coarse) == 0
