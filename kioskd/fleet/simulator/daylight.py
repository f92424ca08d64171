"""How much daylight there is. Pure."""

from math import asin, cos, degrees, pi, radians, sin

DAY_S = 86400
YEAR_D = 365.25
SOLSTICE_D = 172.0  # day of the year on which the sun stands highest, in the north
TILT_DEG = 23.44
EPOCH_YEAR_D = 0.25  # 1970-01-01 00:00 UTC began a year; leap days keep the mean year


def sun_deg(at: float, latitude_deg: float) -> float:
    """How high the sun stands, degrees over the horizon, at unix seconds, on the meridian of UTC.

    Declination by the cosine of the year, hour angle by the mean sun: good to a degree or two,
    which is a quarter of an hour at most (any textbook on solar radiation).
    """
    day = (at / DAY_S) % YEAR_D + EPOCH_YEAR_D
    declination = radians(TILT_DEG) * cos(2 * pi * (day - SOLSTICE_D) / YEAR_D)
    hour_angle = 2 * pi * ((at % DAY_S) / DAY_S - 0.5)
    latitude = radians(latitude_deg)
    height = sin(latitude) * sin(declination)
    height += cos(latitude) * cos(declination) * cos(hour_angle)
    return degrees(asin(max(-1.0, min(1.0, height))))


def daylight(at: float, latitude_deg: float, clearness: float) -> float:
    """Light from the sky, 1 under a high sun without a cloud; twilight ends at 6 degrees below.

    clearness  of the sky, 0 to 1
    """
    height = sun_deg(at, latitude_deg)
    if height <= -6.0:
        return 0.0
    if height <= 0.0:
        return 0.01 * clearness * ((height + 6.0) / 6.0) ** 2
    return clearness * max(0.01, sin(radians(height)))
