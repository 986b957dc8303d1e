import support  # noqa: F401 - sets Keras' backend before Keras is imported.
