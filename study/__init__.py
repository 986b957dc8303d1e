"""The paper's tables and figures: which generators are trained, on what, and how they compare."""
