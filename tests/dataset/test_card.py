import json

import pytest

from dataset.card import data_set_card, find_data_set_card
from support.errors import UserError
from tests.dataset.sources import MIXED, make


def test_a_card_has_counts_lengths_and_the_rejected(tmp_path):
    make(tmp_path / "data", MIXED, shard_clips=100)
    card = data_set_card(tmp_path / "data")
    assert card["clips"] == 3 + 10 + 1
    assert card["encoding"] == dict.fromkeys(("4x4x4", "8x8x8", "8x16x16"), "raw")
    assert card["bytes"] == sum(f.stat().st_size for f in tmp_path.rglob("*.tfrecord*"))
    assert sum(number for _, number in card["lengths"]) == 3
    assert card["lengths"][0] == ("9 to 16", 1)
    assert card["rejected"] == 2
    assert {reason.partition(": ")[0] for reason in card["reasons"]} == {"b", "e"}
    assert card["command"] == "python dataset_tool.py create_tfrecords --source=videos"
    assert json.loads(json.dumps(card))["fps"] is None


def test_labels_are_counted(shapes):
    card = data_set_card(shapes)
    assert find_data_set_card({"folder": str(shapes)}) == card
    assert len(card["labels"]) == 8
    assert sum(clips for _, clips in card["labels"]) == 10
    assert card["command"] == ""
    assert card["reasons"] == []


def test_a_folder_without_a_data_set_has_no_card(tmp_path):
    with pytest.raises(UserError, match="it is no data set"):
        data_set_card(tmp_path)
    assert find_data_set_card({"folder": str(tmp_path)}) == {}
    assert find_data_set_card({}) == {}
