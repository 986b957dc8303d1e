import os
import subprocess
import sys

from tests.train_command import ROOT

CODE = """
from support.startup import import_tensorflow
import_tensorflow()
import inspect, os, sys, traceback
import tensorflow as tf

def halve(x):
    while x > 1:  # AutoGraph turns it into a loop of the graph.
        x = x / 2
    return x

@tf.function
def fail(x):
    if x > 0:
        x = tf.reshape(x, [2, 2])
    return x

print(tf.function(halve)(tf.constant(12.0)).numpy())
print("tf__halve" in inspect.getsource(tf.autograph.to_graph(halve)))
try:
    fail(tf.constant(1.0))
except ValueError as error:
    print("x = tf.reshape(x, [2, 2])" in str(error))
sys.stdout.flush()
os._exit(1)  # As a process that is killed, it clears nothing.
"""


def test_generated_code_is_not_written_to_files(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(CODE)
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, str(program)],
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["0.75", "True", "True"], done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
