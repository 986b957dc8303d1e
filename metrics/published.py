"""Published scores, by data set, measure and method.

They were measured with other networks, clips and protocols. They can be drawn next to a curve, but
not compared digit by digit.
"""

# The thesis, Tables 8.1 and 8.2.
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

# Others. Variants of TGAN, and the 3-D model, are in Table 4 of Saito et al. 2017; real clips are
# the thesis'. Later systems have the code of TGAN's authors for the score.
ELSEWHERE: dict[str, dict[str, dict[str, float]]] = {
    "ucf101": {
        "inception_score": {
            "3-D model": 4.78,
            "TGAN, cross entropy": 9.18,
            "TGAN, clip": 11.77,
            "TGAN, labels": 15.83,
            "TGANv2": 24.34,
            "VideoGPT": 24.69,
            "DVD-GAN": 32.97,
            "real": 83.18,
        }
    },
}


def find_published(data: str, method: str) -> dict[str, float]:
    """The published scores of a method on a data set, by measure; {} where there are none."""
    found = {}
    for source in (PUBLISHED, ELSEWHERE):
        for measure, values in source.get(data, {}).items():
            if method in values:
                found[measure] = values[method]
    return found
