"""Dates that nobody reads the wrong way round: the house is Spanish, its English readers may be from anywhere."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j M Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j M Y, H:i"
