"""The gate: is a text about an armed conflict, a peace process, or the diplomacy tied to one?"""

from collections.abc import Iterable
from typing import Final

from services.classify.clauses import Sentence
from services.classify.patterns import Index

NEEDED: Final = 4
"""The weight from which a text is inside; chosen on the development data."""
SIGNALLED: Final = 2
"""What it weighs in a text that names a process that something is said to happen there that milestones are made of."""
_NAMED: Final = 2
"""What it weighs that a text names a process."""
_READ: Final = 12
"""Sentences that are looked at: a text says early what it is about, and long ones shall not drift inside."""


def weight(sentences: Iterable[Sentence], weights: Index[int], processes: int) -> int:
    """How strongly a text belongs to the domain: the sum of the weights of its patterns, each word counted once."""
    seen: set[str] = set()
    total = _NAMED * min(processes, 1)
    for number, sentence in enumerate(sentences):
        if number >= _READ:
            break
        for value, match in weights.find(sentence):
            key = " ".join(sentence.words[match.first : match.last + 1])
            if key not in seen:
                seen.add(key)
                total += value
    return total
