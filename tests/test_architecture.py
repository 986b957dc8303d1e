"""Holds the direction of the arrows: which room may import which, and who defines flags."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = {"train", "launch_local", "dataset_tool", "generate", "evaluate"}
HAVE_FLAGS = SCRIPTS | {"commands", "benchmarks"}  # A benchmark is a command too.

# What each room may import of ours, besides itself. Downstream comes last.
MAY_IMPORT = {
    "support": set(),
    "growth": {"support"},
    "losses": {"support", "growth.resample", "dataset.batch"},
    "metrics": {"support", "growth.resample"},
    "configuration": {"support", "growth", "losses", "models.settings"},
    "config": {"support", "growth", "losses", "models.settings", "configuration"},
    "networks": {"support", "growth", "config"},
    "models": {"support", "growth", "config", "networks", "losses", "dataset.batch"},
    "dataset": {"support", "growth", "config", "metrics.motion"},
    "run_folder": {"support", "growth", "config"},
    "sampling": {"support", "growth", "config", "models", "networks.inputs", "run_folder.reading"},
    "scoring": {"support", "growth", "dataset", "metrics", "sampling"},
    "study": {"support", "growth", "config", "models.settings", "metrics"},
}
MAY_IMPORT["training"] = set(MAY_IMPORT)
MAY_IMPORT["commands"] = set(MAY_IMPORT)
MAY_IMPORT |= {script: MAY_IMPORT.keys() - SCRIPTS for script in SCRIPTS}
MAY_IMPORT["benchmarks"] = MAY_IMPORT.keys() - SCRIPTS


def modules():
    """Dotted names and paths of all modules of ours, tests aside."""
    packages = [path.parent for path in ROOT.glob("*/__init__.py")] + [ROOT / "benchmarks"]
    paths = [*ROOT.glob("*.py"), *(path for package in packages for path in package.rglob("*.py"))]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths}
    return [
        (name.removesuffix(".__init__"), path)
        for path, name in sorted(names.items())
        if not name.startswith("tests.")
    ]


def mistakes(module: str, source: str, is_package: bool = False) -> list[str]:
    """What `source` as the module of this name does that it may not."""
    room = module.partition(".")[0]
    if room not in MAY_IMPORT:
        return [f"{module} stands in no room of MAY_IMPORT"]
    tree = ast.parse(source)
    found = []
    if room != "benchmarks":
        found += [f"{module}: {argument} has no type" for argument in _untyped(tree)]
    for node in ast.walk(tree):
        for target in imports(node, module, is_package):
            if target.partition(".")[0] in MAY_IMPORT and not any(
                f"{target}.".startswith(f"{allowed}.") for allowed in MAY_IMPORT[room] | {room}
            ):
                found.append(f"{module} imports {target}")
            if room not in HAVE_FLAGS and (target.startswith("argparse") or ".DEFINE_" in target):
                found.append(f"{module} defines flags: {target}")
        if room not in HAVE_FLAGS and getattr(node, "attr", "").startswith("DEFINE_"):
            found.append(f"{module} defines flags: {node.attr}")
    return found


def _untyped(tree):
    """The arguments without a type of public functions and methods."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef):
            continue
        if node.name.startswith("_") and node.name not in ("__init__", "__call__"):
            continue
        if isinstance(node, ast.ClassDef):
            yield from _untyped(node)
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in arguments:
            if argument.annotation is None and argument.arg not in ("self", "cls"):
                yield f"{node.name}({argument.arg})"


def imports(node, module, is_package):
    """Dotted names that an `import` names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        package = module.split(".")[: None if is_package else -1]
        base = package[: len(package) - node.level + 1] if node.level else []
        return [".".join([*base, *filter(None, [node.module]), a.name]) for a in node.names]
    return []


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_module_keeps_the_rules(module, path):
    assert mistakes(module, path.read_text(), path.name == "__init__.py") == []


def test_every_room_is_walked():
    rooms = {module.partition(".")[0] for module, _ in modules()}
    assert {"support", "growth", "losses", "config", "networks", "training"} <= rooms


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("support.files", "from growth import ladder"),
        ("growth.phase", "import tensorflow\nimport config"),
        ("losses.swgan", "from growth import ladder"),
        ("losses.swgan", "import growth"),
        ("metrics.kernel_distance", "import growth.phase as phase"),
        ("networks.layers", "def late():\n    from dataset.pipeline import ClipPipeline"),
        ("dataset.pyramid", "from networks import layers"),
        ("dataset.pyramid", "from training.trainer import Trainer"),
        ("dataset.readers.strips", "from ...networks import layers"),
        ("training.trainer", "from train import main"),
        ("generate", "import train"),
        ("training.trainer", "from absl import flags\nflags.DEFINE_string('run', None, '')"),
        ("dataset.records", "from absl.flags import DEFINE_string"),
        ("dataset.records", "import argparse"),
        ("dataset.records", "class Records:\n    def read(self, rung: str, index): ..."),
        ("elsewhere.module", ""),
    ],
)
def test_mistakes_are_found(module, source):
    assert len(mistakes(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("losses.swgan", "from growth.resample import fade\nfrom losses import penalties"),
        ("losses.swgan", "from growth import resample"),
        ("losses.swgan", "def _private(a): ...\ndef public(b: int, *c, **d): ..."),
        ("growth.phase", "from .ladder import Ladder\nfrom growth.ladder import Ladder"),
        ("training.trainer", "import networks.layers, dataset.pipeline, config, growth"),
        ("train", "from absl import flags\nflags.DEFINE_string('run', None, '')\nimport argparse"),
        ("dataset.pyramid", "from datasets import load\nimport configparser"),
    ],
)
def test_what_is_allowed_is_no_mistake(module, source):
    assert mistakes(module, source) == []


def test_to_make_a_clip_nothing_of_training_is_imported():
    reached = _reached_from("sampling.snapshot") | _reached_from("sampling.export")
    assert not {name for name in reached if name.partition(".")[0] in ("training", "dataset")} - {
        "dataset",
        "dataset.batch",
    }


def test_run_folders_know_no_trainer():
    reached = _reached_from("run_folder.folder") - {"models", "models.settings"}
    rooms = {name.partition(".")[0] for name in reached}
    assert not rooms & {"training", "models", "networks", "sampling", "scoring"}


def _reached_from(module):
    """All modules of ours that importing `module` imports, itself included."""
    paths = dict(modules())
    reached, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in paths:
            continue
        reached.add(name)
        source, is_package = paths[name].read_text(), paths[name].name == "__init__.py"
        targets = [
            t for node in ast.walk(ast.parse(source)) for t in imports(node, name, is_package)
        ]
        # "a.b.c" may be a module, or a name in the module "a.b".
        for target in targets:
            parts = target.split(".")
            waiting += [".".join(parts[:i]) for i in range(1, len(parts) + 1)]
    return reached
