"""The study as data: systems, data sets and scales. A system, or a data set, is one entry.

System("tgan_vanilla", "TGAN, cross entropy", "tgan", ("model.variant=vanilla",))

is a line that adds a row to every table.
"""

import dataclasses

from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class System:
    """A row: what is trained.

    Args:
        name: in flags and in names of files.
        title: in tables.
        family: which entry of `Scale.families` it is made of.
        settings: what differs from that, as train.py --set takes it.
        published: its name in `metrics.published`, where it has a published score.
    """

    name: str
    title: str
    family: str
    settings: tuple[str, ...] = ()
    published: str = ""


SYSTEMS = (
    System("vgan_one", "VGAN, one stream", "vgan", ("model.streams=1",)),
    System("vgan", "VGAN, two streams", "vgan", published="VGAN"),
    System("tgan", "TGAN, singular value clipping", "tgan", published="TGAN"),
    System("tgan_clip", "TGAN, weight clipping", "tgan", ("model.variant=clip",), "TGAN, clip"),
    # The noise is that of the published runs on UCF-101.
    System("mocogan", "MoCoGAN", "mocogan", ("model.noise=0.1",), "MoCoGAN"),
    System("ivgan", "iVGAN", "ivgan"),
    System("wgan_gp_fixed", "WGAN-GP, not growing", "fixed", ("loss=wgan_gp",)),
    System("swgan_fixed", "SWGAN, not growing", "fixed"),
    System("wgan_gp", "WGAN-GP, growing", "growing", ("loss=wgan_gp",), "progressive"),
    System("swgan", "SWGAN, growing", "growing", published="progressive + SWGAN"),
    System("dual", "SWGAN, growing, two critics", "growing", ("model=dual",)),
)

# Rows of reals, by the change that is made to held-out clips.
REALS = {"": "real clips", "frozen": "real, frozen", "shuffled": "real, shuffled"}


@dataclasses.dataclass(frozen=True)
class Family:
    """The settings that systems have in common, at one scale.

    Args:
        preset: of `config.PRESETS`.
        settings: what differs from it.
        one_rung: whether the ladder is the full size of the data alone.
        ladder: of the clips, where it is not that of the data; their data set is made for it.
        gflop: operations per clip of 16x64x64 with 64 maps, for forecasts; 0: `growth.cost` knows.
    """

    preset: str
    settings: tuple[str, ...] = ()
    one_rung: bool = False
    ladder: str = ""
    gflop: float = 0.0


@dataclasses.dataclass(frozen=True)
class Data:
    """A data set.

    Args:
        name: in flags and in names of files.
        title: in tables.
        ladder: of the growing systems.
        create: flags of dataset_tool.py create_tfrecords; {source} is the user's folder.
        held_out: the same for clips that are not trained on; empty where `create` makes them too.
        files: below {source}, which have to be there.
        last_share: hold out this share of the files of each class, the last ones by name.
        table: of the thesis.
        protocol: of scores.
    """

    name: str
    title: str
    ladder: str
    create: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    last_share: float = 0.0
    table: str = "8.1"
    protocol: str = "thesis"

    @property
    def has_source(self) -> bool:
        """Whether it is made of a folder of the user's."""
        return any("{source}" in flag for flag in self.create)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large the study is.

    Args:
        data: its data sets.
        families: by name.
        minutes: CPU minutes per run, by data set; none: no budget of time.
        kimg: thousands of clips per run, by data set; 0: as the preset.
        seeds: of runs.
        clips: of a score.
        curve_clips: of the score of an earlier snapshot.
        classifier: flags of evaluate.py train_c3d; None: the user gives weights.
    """

    data: tuple[Data, ...]
    families: dict[str, Family]
    minutes: dict[str, float]
    kimg: dict[str, float]
    seeds: tuple[int, ...]
    clips: int
    curve_clips: int
    classifier: tuple[str, ...] | None


# Operations (10^9) of the networks as published, per real clip: one step of each network.
_RIVALS = {"vgan": 27.0, "tgan": 35.0, "mocogan": 63.0, "ivgan": 32.0}
_SHAPES = Data(
    "shapes",
    "moving shapes",
    "4x4x4 8x8x8 8x16x16 16x32x32",
    ("--source_format=synthetic", "--max_clips=4096", "--seed=0"),
    ("--source_format=synthetic", "--max_clips=1024", "--seed=7"),
)
_ACTIONS = Data(
    "actions",
    "human actions",
    "4x4x4 8x8x8 8x16x16 16x32x32 16x64x64",
    ("--source={source}", "--labels=folders", "--clip_rule=all", "--clip_stride=8"),
    last_share=2 / 9,  # The Weizmann strips are sorted by person, and there are nine.
)
_UCF101 = Data(
    "ucf101",
    "UCF-101",
    "4x4x4 8x8x8 8x16x16 16x32x32 16x64x64 32x128x128",
    ("--source={source}/UCF-101", "--split={source}/ucfTrainTestlist/trainlist01.txt"),
    ("--source={source}/UCF-101", "--split={source}/ucfTrainTestlist/testlist01.txt"),
    files=("UCF-101", "ucfTrainTestlist/trainlist01.txt", "ucfTrainTestlist/testlist01.txt"),
)
_GOLF = dataclasses.replace(
    _UCF101,
    name="golf",
    title="Golf",
    create=("--source={source}", "--short=hold", "--val_fraction=0.1"),
    held_out=(),
    files=(),
    table="8.2",
)
_AEROPLANE = dataclasses.replace(_GOLF, name="aeroplane", title="Aeroplane")


def _small(maps, base):
    """Families for CPUs: small presets that all have the same clips, none of them mirrored."""
    settings = (f"model.maps={maps}", "train.mirror=false")
    rivals = {
        name: Family(f"{name}_demo", settings, one_rung=True, gflop=gflop)
        for name, gflop in _RIVALS.items()
    }
    ours = (f"growth.feature_maps_base={base}", "train.mirror=false")
    fixed = Family("demo", (*ours, "schedule.growing=false"))
    return rivals | {"fixed": fixed, "growing": Family("demo", ours)}


_PUBLISHED = {
    "vgan": Family("vgan_golf", ladder="32x64x64", gflop=_RIVALS["vgan"]),
    "tgan": Family("tgan_ucf101", ladder="16x64x64", gflop=_RIVALS["tgan"]),
    "mocogan": Family("mocogan_actions", ladder="16x64x64", gflop=_RIVALS["mocogan"]),
    "ivgan": Family("ivgan_golf", ladder="32x64x64", gflop=_RIVALS["ivgan"]),
    "fixed": Family("ucf101", ("schedule.growing=false",)),
    "growing": Family("ucf101"),
}

SCALES = {
    # An hour or so on two cores: to see that everything works.
    "demo": Scale(
        (
            dataclasses.replace(
                _SHAPES,
                ladder="4x4x4 8x8x8 16x16x16",
                create=("--source_format=synthetic", "--max_clips=2048", "--seed=0"),
                held_out=("--source_format=synthetic", "--max_clips=512", "--seed=7"),
            ),
        ),
        _small(maps=16, base=128),
        minutes={"shapes": 3},
        kimg={"shapes": 6},
        seeds=(0,),
        clips=128,
        curve_clips=32,
        classifier=("--width=8", "--epochs=10", "--patience=10", "--rate=1e-3"),
    ),
    "laptop": Scale(
        (_SHAPES, _ACTIONS),
        _small(maps=16, base=256),
        minutes={"shapes": 5, "actions": 20},
        kimg={"shapes": 60, "actions": 60},
        seeds=(0, 1, 2),
        clips=512,
        curve_clips=64,
        classifier=("--width=8", "--epochs=12", "--patience=12", "--rate=1e-3"),
    ),
    # As published, with the networks of the user's weights.
    "paper": Scale(
        (_UCF101, _GOLF, _AEROPLANE),
        _PUBLISHED,
        minutes={},
        kimg={"ucf101": 0, "golf": 0, "aeroplane": 0},
        seeds=(0,),
        clips=10_000,
        curve_clips=2_048,
        classifier=None,
    ),
}


def choose_systems(names: list[str]) -> list[System]:
    """The systems of these names, all without any; raises `UserError` for an unknown one."""
    known = {system.name: system for system in SYSTEMS}
    for name in names:
        if name not in known:
            raise UserError(f"`systems` should be of {', '.join(known)}. Received: {name}")
    return [system for system in SYSTEMS if not names or system.name in names]
