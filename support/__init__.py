"""Small things that every room needs: errors, files, pictures, progress; imports none of ours."""

import os

# TensorFlow tells about its build at every start unless it is asked not to before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# The one backend; a user's own Keras settings may name another.
os.environ["KERAS_BACKEND"] = "tensorflow"
