"""Scores of the thesis, Tables 8.1 and 8.2, by data set, measure and method.

They were measured with the authors' networks. They can be drawn next to a curve, but not compared
digit by digit.
"""

PUBLISHED: dict[str, dict[str, dict[str, float]]] = {
    "ucf101": {
        "inception_score": {
            "VGAN": 8.18,
            "TGAN": 11.85,
            "MoCoGAN": 12.42,
            "progressive": 13.59,
            "progressive + SWGAN": 14.56,
        }
    },
    "golf": {"frechet_distance": {"VGAN": 113007, "TGAN": 112029, "progressive": 95544}},
    "aeroplane": {"frechet_distance": {"VGAN": 149094, "TGAN": 120417, "progressive": 102049}},
}
