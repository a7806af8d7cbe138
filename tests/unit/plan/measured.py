"""Trials as they were measured: 384 numbers, no text, two cores of an AVX2 machine."""

from cospace.plan import Shape, Trial

SHAPE = Shape(384)


def _trial(items: int, form: str, built: float, search: float, *bytes_: int) -> Trial:
    private, mapped, truth, index = bytes_
    taken_in = items * 1.8e-5, items * 4e-5
    times = (built, 1.5 * built), (search, 1.3 * search), (1e-4, 1.3e-4)
    return Trial(items, form, SHAPE, taken_in, *times, 0.98, truth, index, private, mapped)


SMALL = [
    _trial(25_000, "int8", 8.25, 3.4e-4, 16_613_376, 58_454_016, 44_687_360, 55_828_480),
    _trial(25_000, "none", 23.8, 6.6e-4, 6_746_112, 57_688_064, 44_687_360, 46_120_960),
    _trial(25_000, "binary", 6.4, 2.8e-4, 7_966_720, 58_482_688, 44_687_360, 47_411_200),
    _trial(50_000, "int8", 18.2, 3.8e-4, 31_076_352, 98_676_736, 89_427_968, 111_452_160),
    _trial(50_000, "none", 54.3, 6.9e-4, 12_152_832, 97_906_688, 89_427_968, 92_045_312),
]
MILLION = _trial(
    1_000_000, "int8", 468.8, 1.4e-3, 521_179_136, 1_617_690_624, 1_794_871_296, 2_216_370_176
)
