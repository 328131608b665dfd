"""How rooms lie apart in other homes: 44 homes of the TIHM data, by `python -m bench.company --prior`.

From the open data set TIHM (Scientific Data 10:606, 2023; Zenodo 7622128; CC BY 4.0), with thanks to the Surrey and
Borders Partnership NHS Foundation Trust and Howz. Only these counts are taken from it. More than one person moves in
most of these homes, which fills the holes: so the lower quartile over homes is taken for what one person leaves.

HOLES: by kinds of two rooms, how full the first four bins of ``paths.EDGES_MS`` are, in permille of the reference.
"""

from typing import Final

HOLES: Final[dict[str, tuple[int, ...]]] = {
    "bathroom/bedroom": (104, 144, 272, 851),  # 21 homes
    "bathroom/hall": (149, 347, 441, 714),  # 24 homes
    "bathroom/kitchen": (240, 306, 326, 578),  # 20 homes
    "bathroom/living": (114, 300, 390, 754),  # 15 homes
    "bedroom/hall": (178, 308, 469, 566),  # 30 homes
    "bedroom/kitchen": (242, 297, 452, 644),  # 26 homes
    "bedroom/living": (208, 172, 292, 662),  # 18 homes
    "entrance/hall": (128, 235, 456, 865),  # 36 homes
    "entrance/kitchen": (156, 242, 521, 1013),  # 40 homes
    "entrance/living": (161, 321, 322, 728),  # 26 homes
    "hall/kitchen": (270, 820, 1436, 1299),  # 34 homes
    "hall/living": (254, 643, 2278, 1792),  # 32 homes
    "kitchen/living": (110, 210, 557, 1063),  # 32 homes
}
OTHER_HOLES: Final = (250, 500, 1_000, 1_000)  # chosen: rooms of a kind that those homes do not have, or two of a kind
