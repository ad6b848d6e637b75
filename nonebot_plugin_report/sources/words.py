"""The tools whose own words are understood. Pure."""

from typing import Final

from .tools import alas, automas, bettergi, maa_words, march7th, monitor_words, onedragon

TOOLS: Final = (
    bettergi.WORDS,
    # Before MAA, whose words it repeats.
    automas.WORDS,
    maa_words.WORDS,
    march7th.WORDS,
    onedragon.WORDS,
    alas.WORDS,
    monitor_words.UPTIMEKUMA,
    monitor_words.CHECKS,
)
