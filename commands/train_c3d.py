"""Trains C3D on labelled clips: a network for scores where there is no other.

With --generated it learns from the clips of a generator of classes. Its accuracy on held-out reals,
next to that of a network that learned from as many reals, says how well the clips represent them.
If it is interrupted, run the same command again to resume.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from commands.parser import Parser, one_of, real, whole
from commands.snapshots import open_generator
from metrics.protocols import PROTOCOLS, protocol
from scoring.classifier_settings import Settings
from support.errors import UserError

if TYPE_CHECKING:
    from scoring.labelled import Labelled


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--data", type=Path, help="labelled data set")
    flag("--generated", type=Path, help="run or model to learn from in place of --data")
    flag("--num", type=whole(2), default=1024, help="clips of --generated")
    flag("--output", type=Path, required=True, help="file to write, .weights.h5")
    flag("--held_out", type=Path, help="labelled data set to measure on (default: part of --data)")
    flag("--classes", nargs="+", default=[], metavar="NAME", help="of --data (default: all)")
    flag("--val_fraction", type=real(0, 1), default=0.2, help="size of that part")
    flag("--init", type=Path, help="weights to begin with, such as those of Sports-1M")
    flag("--protocol", type=one_of(PROTOCOLS), default="thesis", help="how clips are prepared")
    parser.add_settings(Settings)


def run(args: argparse.Namespace):
    """Trains, and writes the weights of the best epoch."""
    from metrics import weights
    from scoring.classifier import Classifier, train_classifier

    weights.check_new(args.output)
    chosen = protocol(args.protocol)
    settings = Settings(**{f.name: getattr(args, f.name) for f in dataclasses.fields(Settings)})
    train, held_out = open_labelled(args)
    classifier = Classifier(train, held_out, chosen, settings, args.init)
    about = {
        "settings": dataclasses.asdict(classifier.settings),
        "protocol": chosen.name,
        "data": train.clips.about,
        "held_out": held_out.clips.about,
        "held_out_fraction": None if args.held_out else args.val_fraction,
        "init": classifier.init,
    }
    found = train_classifier(classifier, args.output, about)["training"]
    print(
        "held-out accuracy {held_out_accuracy:.4f} in epoch {epoch}, the best; with shuffled "
        "frames {shuffled_accuracy:.4f}".format(**found)
    )
    print(args.output)


def open_labelled(args: argparse.Namespace) -> tuple["Labelled", "Labelled"]:
    """The clips to train on, and those to measure on."""
    from scoring.clip_sets import RecordClips
    from scoring.generated import GeneratedClips
    from scoring.labelled import Labelled
    from scoring.selection import check_apart

    if (args.data is None) == (args.generated is None):
        raise UserError("--data or --generated should be given, and not both.")
    if args.generated:
        if not args.held_out:
            raise UserError("--held_out should be given with --generated.")
        made = GeneratedClips.of_snapshot(open_generator(args.generated), args.num, args.seed)
        reals = RecordClips(args.held_out, classes=made.label_names)
        return Labelled.all_of(made), Labelled.all_of(reals)
    train = Labelled.all_of(RecordClips(args.data, classes=args.classes))
    if args.held_out:
        held_out = Labelled.all_of(RecordClips(args.held_out, classes=args.classes))
        check_apart(train.clips, held_out.clips, "held_out")
        return train, held_out
    print("Held out: clips of --data. Where several were cut from one video, give --held_out.")
    return train.split(args.val_fraction, args.seed)
