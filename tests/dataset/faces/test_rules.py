import pytest

from dataset.faces.rules import FaceRules
from support.errors import UserError


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"size": 301}, "`size` should be even and at least 16. Received: 301"),
        ({"size": 0}, "`size` should be even and at least 16. Received: 0"),
        ({"min_frames": 1}, "`min_frames` should be in 2 to `max_frames` = 500. Received: 1"),
        ({"max_frames": 30}, "`min_frames` should be in 2 to `max_frames` = 30. Received: 31"),
    ],
)
def test_wrong_rules_are_said(rules, message):
    with pytest.raises(UserError, match=message):
        FaceRules(**rules)
