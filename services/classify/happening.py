"""How likely an event happened: a logistic regression over what the rules and the words around it say.

The weights lie in ``lexicon/happening.json`` and are fitted by ``python -m services.classify.training``. Each is named
by what it stands for (``modal=could``, ``mood=future``, ``to<hopes``), so that a probability can be explained by adding
up a handful of numbers. What the rules say comes in as one feature among others.
"""

from functools import cache
from typing import Final

from services.classify.clauses import Sentence
from services.classify.governors import Verdict
from services.classify.syntax import Helpers, Syntax
from services.classify.weights import Weights, load

FILE: Final = "happening.json"
_ENDINGS: Final = (
    "tion", "sion", "ment", "ness", "ity", "ance", "ence", "ing", "ed", "ly", "er", "or", "al", "ure", "s",
)  # fmt: skip
_STEM: Final = 2
"""Letters that must be left before an ending says anything."""
_DIRECT: Final = frozenset({"i", "you", "we", "my", "your", "our", "me"})


@cache
def shipped() -> Weights:
    """The weights that ship, read once."""
    return load(FILE)["happened"]


def features(syntax: Syntax, index: int, verdict: Verdict) -> list[str]:
    """What is known about the event that the word at ``index`` names, each once."""
    words = syntax.sentence.words
    first, _ = syntax.sentence.clause_of(index)
    helpers = syntax.helpers(index, first)
    ending = _ending(words[index])
    before = _word(words, helpers.before)
    found = [
        f"w={words[index]}",
        f"ending={ending}",
        f"ending={ending}&after={_word(words, index - 1)}",
        f"after={_word(words, index - 1)}",
        f"after={_word(words, index - 2)} {_word(words, index - 1)}",
        f"clause={words[first]}",
        f"end={words[-1]}",
        f"before helpers={before}",
        f"verb={syntax.is_used_as_verb(index)}",
        *_helped(words, helpers, ending),
        *_by_rule(syntax, index, verdict),
    ]
    if before == "to":
        found += [f"to<{_word(words, helpers.before - 1)}", f"to<<{_word(words, helpers.before - 2)}"]
    forms = "/".join(sorted(syntax.forms(index)))
    found.append(f"forms={forms}&{_helper_kind(syntax, helpers)}")
    return list(dict.fromkeys(found))


def _by_rule(syntax: Syntax, index: int, verdict: Verdict) -> list[str]:
    """The rules' verdict, by itself and with the register: who is spoken to, and whether figures are reported."""
    sentence = syntax.sentence
    register = _register(sentence)
    figures = f"figures={any(letter.isdigit() for letter in sentence.source)}"
    kind = "verb" if syntax.is_used_as_verb(index) else "noun"
    mood = f"mood={verdict.mood}"
    found = [mood, f"{mood}&{kind}", f"register={register}", f"{mood}&{register}", f"{mood}&{figures}"]
    if verdict.last >= verdict.first:
        cue = "cue=" + " ".join(sentence.words[verdict.first : verdict.last + 1])
        found += [cue, f"{cue}&{register}", f"{cue}&{figures}"]
    return found


def _helped(words: list[str], helpers: Helpers, ending: str) -> list[str]:
    found = []
    if helpers.modal >= 0:
        found.append(f"modal={words[helpers.modal]}")
    if helpers.helped >= 0:
        found.append(f"helper={words[helpers.helped]}&ending={ending}")
    if helpers.negation >= 0:
        found.append("negated")
    return found


def _helper_kind(syntax: Syntax, helpers: Helpers) -> str:
    if helpers.helped < 0:
        return "none"
    word, classes = syntax.sentence.words[helpers.helped], syntax.grammar.classes
    return next((kind for kind in ("be", "have") if word in classes[kind]), "do")


def _register(sentence: Sentence) -> str:
    if not _DIRECT.isdisjoint(sentence.words):
        return "direct"
    return "question" if sentence.words[-1] == "?" else "report"


def _ending(word: str) -> str:
    return next((end for end in _ENDINGS if word.endswith(end) and len(word) > len(end) + _STEM), "-")


def _word(words: list[str], place: int) -> str:
    return words[place] if 0 <= place < len(words) else "#"
