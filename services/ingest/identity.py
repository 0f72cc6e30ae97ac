"""Which text is the same text: ids, revisions, and the fingerprint of near-copies."""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_ID_LENGTH: Final = 32
_SHINGLE: Final = 3
_WORD_MASK: Final = (1 << 64) - 1
_LANE: Final = 20
"""Bits per counter; a text of 256 KiB has fewer than 2 to the 17 words."""
_LANE_MASK: Final = (1 << _LANE) - 1
_SPREAD: Final = tuple(sum((byte >> bit & 1) << _LANE * bit for bit in range(8)) for byte in range(256))
"""Each byte as eight counters, one per bit, packed into one number."""
_WORD: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
"""A word; in scripts that put no space between words (Thai, Burmese, Khmer, Japanese, Chinese) a character."""


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_ID_LENGTH]


def _words(text: str) -> str:
    return " ".join(text.split())


def article_id(*, url: str | None, own_id: str | None, namespace: str, title: str, text: str) -> str:
    """The id of a news text, the same over all its revisions.

    Args:
        url: the canonical URL; where there is one, nothing else counts: SHA-256 of it, the first 32 hex digits.
        own_id: the client's id of a text without URL, unique within ``namespace``.
        namespace: the publisher, or the source where no publisher is known.
        title: cleaned.
        text: cleaned; with the title the last resort, so that an edited text without URL or id is another one.

    """
    if url:
        return _hash(url)
    if own_id:
        return _hash("id", namespace, own_id)
    return _hash("words", namespace, _words(title), _words(text))


def meeting_id(*, uid: str, namespace: str) -> str:
    """The id of a meeting, the same when it moves or is cancelled."""
    return _hash("meeting", namespace, uid)


def content_hash(*parts: str) -> str:
    """What decides whether an item changed: its words, whatever space lies between them."""
    return _hash(*map(_words, parts))


def revision_of(earlier: Sequence[str], content: str, *, replay: bool) -> tuple[int, bool]:
    """Which revision some content is, and whether that is a new one.

    A text that goes back to what it said before is a new revision of it: a withdrawn claim must be seen. A replay
    (a file that is read again) brings back old revisions that withdraw nothing, so there any known content is known.

    Args:
        earlier: the content hashes of the known revisions, the first first.
        content: the content hash at hand.
        replay: whether it comes from an archive rather than from the present.

    """
    if replay and content in earlier:
        return earlier.index(content) + 1, False
    if earlier and earlier[-1] == content:
        return len(earlier), False
    return len(earlier) + 1, True


def fingerprint(text: str) -> str:
    """A 64-bit SimHash over shingles of three words, in hexadecimal: near-copies differ in few bits.

    Source: Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002; each bit is the majority
    of that bit over the hashes of all shingles. Case and punctuation do not count.
    """
    words = _WORD.findall(text.casefold())
    if not words:
        return "0" * 16
    shingles = _shingled([_word_hash(word) for word in words])
    # one sum of packed counters per byte of the hashes: as fast as an array library, without its 25 MB in every process
    columns = b"".join(shingle.to_bytes(8) for shingle in shingles)
    sums = (sum(map(_SPREAD.__getitem__, columns[place::8])) for place in range(8))
    return bytes(_majority(one, len(shingles)) for one in sums).hex()


def _majority(counters: int, number: int) -> int:
    """The byte whose bits are set where more than half of so many bytes have them set."""
    return sum(1 << bit for bit in range(8) if 2 * (counters >> _LANE * bit & _LANE_MASK) > number)


def _shingled(hashes: Sequence[int]) -> list[int]:
    """One hash per run of three words, from the hashes of the words; all products are modulo 2 to the 64."""
    length = min(_SHINGLE, len(hashes))
    shingles = []
    for start in range(len(hashes) - length + 1):
        mixed = 0
        for one in hashes[start : start + length]:
            mixed = (mixed ^ one) * 0x9E3779B97F4A7C15 & _WORD_MASK
            mixed ^= mixed >> 29
        # the finalizer of SplitMix64 (Steele, Lea, Flood 2014), so that each bit depends on all three words
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _WORD_MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _WORD_MASK
        shingles.append(mixed ^ mixed >> 31)
    return shingles


@lru_cache(maxsize=50_000)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
