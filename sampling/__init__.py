"""A generator on disk: snapshots with their cards, latents, exports."""

import support  # noqa: F401 - sets Keras' backend before Keras is imported.
