import pytest

from growth.ladder import (
    LADDERS,
    Ladder,
    Rung,
    feature_maps,
    find_ladder,
    make_ladder,
    name_ladder,
    parse_size,
    picture_of,
)
from support.errors import UserError

# Frames, height, width, feature maps: Table A.1, and the authors' released code.
THESIS = [
    (4, 4, 4, 128),
    (8, 8, 8, 128),
    (8, 16, 16, 128),
    (8, 32, 32, 64),
    (16, 64, 64, 32),
    (16, 128, 128, 16),
    (32, 256, 256, 8),
]
AUTHORS = [
    (4, 4, 4, 128),
    (8, 8, 8, 128),
    (8, 16, 16, 128),
    (16, 32, 32, 64),
    (16, 64, 64, 32),
    (32, 128, 128, 16),
    (32, 256, 256, 8),
]


def table(ladder):
    return [(*rung.shape, rung.feature_maps) for rung in ladder]


def test_thesis_ladder():
    ladder = make_ladder("thesis")
    assert table(ladder) == THESIS
    assert (len(ladder), ladder.top) == (7, 6)
    both, space = (2, 2, 2), (1, 2, 2)
    steps = [ladder.factors(level) for level in range(1, 7)]
    assert steps == [both, space, space, both, space, both]


def test_authors_ladder():
    ladder = make_ladder("authors")
    assert table(ladder) == AUTHORS
    both, space = (2, 2, 2), (1, 2, 2)
    steps = [ladder.factors(level) for level in range(1, 7)]
    assert steps == [both, space, both, space, both, space]


@pytest.mark.parametrize("name", LADDERS)
def test_a_ladder_written_out_is_the_one_of_that_name(name):
    assert make_ladder(LADDERS[name]) == make_ladder(name)
    assert str(make_ladder(name)) == LADDERS[name]


def test_resolution_cuts_rungs_off():
    assert table(make_ladder("authors", resolution=128)) == AUTHORS[:6]
    assert table(make_ladder("thesis", resolution=4)) == THESIS[:1]


def test_num_frames_holds_time():
    ladder = make_ladder("thesis", resolution=16, num_frames=4)
    assert str(ladder) == "4x4x4 4x8x8 4x16x16"
    assert ladder.factors(1) == (1, 2, 2)
    assert str(make_ladder("thesis", num_frames=16)).endswith("16x128x128 16x256x256")
    assert str(make_ladder("thesis", resolution=8, num_frames=1)) == "1x4x4 1x8x8"


def test_time_alone_space_alone_and_both():
    ladder = make_ladder("4x4x4 8x4x4 8x8x8 16x16x16")
    assert [ladder.factors(i) for i in (1, 2, 3)] == [(2, 1, 1), (1, 2, 2), (2, 2, 2)]


def test_a_step_in_time_that_is_held_is_no_rung():
    assert str(make_ladder("4x4x4 8x4x4 8x8x8", num_frames=4)) == "4x4x4 4x8x8"


def test_resolution_keeps_all_rungs_of_its_size():
    assert str(make_ladder("4x4x4 4x8x8 8x8x8 8x16x16", resolution=8)) == "4x4x4 4x8x8 8x8x8"


def test_commas_separate_rungs_too():
    assert make_ladder("4x4x4, 8x8x8") == make_ladder("4x4x4 8x8x8")


def test_the_first_rung_may_have_any_number_of_frames():
    ladder = make_ladder("5x4x4 10x8x8 10x16x16 20x32x32", resolution=16)
    assert str(ladder) == "5x4x4 10x8x8 10x16x16"
    assert [ladder.factors(i) for i in (1, 2)] == [(2, 2, 2), (1, 2, 2)]
    assert str(make_ladder("5x4x4 10x8x8", num_frames=3)) == "3x4x4 3x8x8"


def test_frames_of_the_past_at_each_rung():
    ladder = make_ladder("4x4x4 8x8x8 16x16x16")
    given = {
        past: [ladder.past_frames(past, level) for level in range(3)] for past in (1, 2, 8, 11)
    }
    assert given == {1: [0, 0, 1], 2: [0, 1, 2], 8: [2, 4, 8], 11: [2, 5, 11]}


def test_feature_maps():
    sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert [feature_maps(size) for size in sizes] == [128, 128, 128, 128, 64, 32, 16, 8, 4, 2]
    assert [feature_maps(size, 256, 32) for size in (4, 8, 16, 32)] == [32, 32, 32, 16]
    assert feature_maps(256, base=16) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "thesis", "resolution": 100}, "`resolution` should be one that the ladder"),
        ({"name": "thesis", "resolution": 512}, "`resolution` should be one that the ladder"),
        ({"name": "thesis", "resolution": 2}, "Received: resolution=2"),
        ({"name": "thesis", "num_frames": 30}, "`num_frames` should be at most 4, or one that"),
        ({"name": "thesis", "num_frames": 0}, "or one that the ladder 'thesis' passes .*=0"),
        ({"name": "thesis", "num_frames": 64}, "`num_frames` should be at most 32 at 256x256"),
        ({"name": "thesis", "resolution": 128, "num_frames": 32}, "at most 16 at 128x128"),
        ({"name": "these"}, "`ladder` should be one of .*authors.*thesis.*Received: 'these'"),
        ({"name": ""}, "`ladder` should be one of"),
        ({"name": "4x4 8x8"}, "`ladder` should be one of"),
        ({"name": "4x4x4 6x8x8"}, "double time, space or both. Received: 4x4x4 to 6x8x8"),
        ({"name": "4x4x4 4x8x6"}, "double time, space or both. Received: 4x4x4 to 4x8x6"),
        ({"name": "4x4x8 4x8x8"}, "double time, space or both. Received: 4x4x8 to 4x8x8"),
        ({"name": "4x0x0"}, "`ladder` should be one of"),
        ({"name": "-4x4x4"}, "`ladder` should be one of"),
        ({"name": "4x9x16 4x18x32", "picture": (32, 32)}, "one that the ladder '4x9x16 4x18x32'"),
        ({"name": "thesis", "picture": (288, 512)}, "at most 256 pixels a side on the ladder 'the"),
        (
            {"name": "thesis", "picture": (120, 160)},
            "should be 4 to 16 pixels a side, doubled any number of times .the nearest are "
            "128x160, 112x160 and 128x176.. Received: 120x160",
        ),
        ({"name": "4x4x4 4x16x16"}, "double time, space or both. Received: 4x4x4 to 4x16x16"),
        ({"name": "4x4x4 16x8x8"}, "double time, space or both"),
        ({"name": "8x8x8 4x4x4"}, "double time, space or both"),
        ({"name": "8x4x4 4x8x8"}, "double time, space or both"),
        ({"name": "4x4x4 4x4x4"}, "double time, space or both"),
    ],
)
def test_mistakes(arguments, message):
    with pytest.raises(UserError, match=message):
        make_ladder(**arguments)


def test_a_ladder_has_rungs():
    with pytest.raises(UserError, match="at least one rung"):
        Ladder(())
    assert Ladder((Rung(4, 4, 4, 1),)).top == 0


@pytest.mark.parametrize("level", [0, 7, -1])
def test_factors_of_no_step(level):
    with pytest.raises(ValueError, match="should lie in 1 to 6"):
        make_ladder("thesis").factors(level)


def test_a_size_finds_the_first_ladder_that_passes_it():
    assert str(find_ladder((128, 128), 16)) == str(make_ladder("thesis", 128, 16))
    assert str(find_ladder((128, 128), 32)) == str(make_ladder("authors", 128, 32))
    assert name_ladder(find_ladder((128, 128), 32)) == "authors"
    assert str(find_ladder((72, 128), 32)) == str(make_ladder("authors", picture=(72, 128)))
    assert name_ladder(make_ladder("4x4x4 8x4x4")) == "4x4x4 8x4x4"
    with pytest.raises(UserError, match="should be at most 16 at 64x64"):
        find_ladder((64, 64), 32)


@pytest.mark.parametrize(
    ("picture", "rungs"),
    [
        ((144, 256), "4x9x16 8x9x16 8x18x32 16x36x64 16x72x128 32x144x256"),
        ((72, 128), "4x9x16 8x9x16 8x18x32 16x36x64 16x72x128"),
        ((256, 144), "4x16x9 8x16x9 8x32x18 16x64x36 16x128x72 32x256x144"),
        ((128, 192), "4x4x6 8x4x6 8x8x12 8x16x24 16x32x48 16x64x96 32x128x192"),
        ((48, 48), "4x6x6 8x6x6 8x12x12 8x24x24 16x48x48"),
        ((64, 64), "4x4x4 8x8x8 8x16x16 8x32x32 16x64x64"),
    ],
)
def test_a_ladder_is_bent_to_a_picture(picture, rungs):
    assert str(make_ladder("thesis", picture=picture)) == rungs


def test_a_bent_ladder_doubles_and_has_the_maps_of_its_height():
    ladder = make_ladder("thesis", picture=(144, 256), num_frames=8)
    assert str(ladder) == "4x9x16 8x9x16 8x18x32 8x36x64 8x72x128 8x144x256"
    assert [ladder.factors(i) for i in (1, 2)] == [(2, 1, 1), (1, 2, 2)]
    assert [rung.feature_maps for rung in ladder] == [128, 128, 128, 64, 32, 16]


@pytest.mark.parametrize(
    ("aspect", "side", "picture"),
    [
        ("16:9", 256, (144, 256)),
        ("9:16", 200, (128, 72)),
        ("4:3", 128, (96, 128)),
        ("3:2", 64, (32, 48)),
        ("21:9", 256, (96, 224)),
        ("2:2", 100, (64, 64)),
    ],
)
def test_the_picture_of_an_aspect(aspect, side, picture):
    assert picture_of(aspect, side) == picture


@pytest.mark.parametrize(
    ("aspect", "side", "message"),
    [
        ("37:20", 256, "a side .the nearest are 13:7, 11:6 and 15:8.. Received: 37:20"),
        ("5:1", 256, "the nearest are 4:1, 15:4 and 7:2"),
        ("16:9", 8, "`resolution` should be at least 16 with the aspect 16:9. Received: 8"),
        ("16x9", 256, "should be WIDTH:HEIGHT, such as 16:9. Received: 16x9"),
        ("0:9", 256, "should be WIDTH:HEIGHT"),
    ],
)
def test_aspects_that_no_ladder_has(aspect, side, message):
    with pytest.raises(UserError, match=message):
        picture_of(aspect, side)


def test_sizes_are_parsed():
    assert parse_size("144x256") == (144, 256)
    assert parse_size("64") == (64, 64)
    for text in ("0", "64x", "x64", "4x4x4", "1e3", "-4"):
        with pytest.raises(UserError, match="should be a number, or HEIGHTxWIDTH. Received"):
            parse_size(text)
