"""Small things that every room needs: errors, files, pictures, progress; imports none of ours."""

import os

# Silence TensorFlow's startup log; this must be set before TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# The one backend; a user's own Keras settings may name another.
os.environ["KERAS_BACKEND"] = "tensorflow"
