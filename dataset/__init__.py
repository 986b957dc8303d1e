"""From video files to the stream of real clips: readers, pyramid, records, pipeline."""

import support  # noqa: F401 - sets Keras' backend before Keras is imported.
