import pytest

from services.classify.clauses import sentences
from services.classify.patterns import Index, PatternError, Vocabulary, inflect

IRREGULAR = {"withdraw": ("withdrew", "withdrawn")}
VOCABULARY = Vocabulary({"truce": frozenset({"truce", "ceasefire"})}, IRREGULAR, frozenset({"swap"}))


def found(pattern: str, text: str) -> list[str]:
    index = Index([(VOCABULARY.compile(pattern), None)])
    return [s.quote(m.first, m.last) for s in sentences("text", text) for _, m in index.find(s)]


@pytest.mark.parametrize(
    ("base", "forms"),
    [
        ("release", "release releases released released releasing"),
        ("agree", "agree agrees agreed agreed agreeing"),
        ("ratify", "ratify ratifies ratified ratified ratifying"),
        ("breach", "breach breaches breached breached breaching"),
        ("delay", "delay delays delayed delayed delaying"),
        ("swap", "swap swaps swapped swapped swapping"),
        ("withdraw", "withdraw withdraws withdrew withdrawn withdrawing"),
    ],
)
def test_verbs_are_inflected_as_in_english(base, forms):
    verb = inflect(base, IRREGULAR, frozenset({"swap"}))
    assert [verb.base, verb.third, verb.past, verb.participle, verb.ing] == forms.split()


def test_a_gap_holds_as_many_words_as_it_says():
    assert found("~agree 2 @truce", "They agreed to a truce.") == ["agreed to a truce"]
    assert found("~agree 1 @truce", "They agreed to a truce.") == []


def test_a_gap_crosses_no_comma_and_no_clause_unless_it_is_told_to():
    assert found("~agree 9 @truce", "They agreed, after a night, to a truce.") == []
    assert found("~agree 9 @truce", "They agreed while the truce held.") == []
    assert found("~agree 9, @truce", "They agreed, it is said, to a truce.") == ["agreed, it is said, to a truce"]


def test_an_excluded_word_must_be_another_one():
    assert found("eu sanctions !(on|against)", "EU sanctions two generals.") == ["EU sanctions two"]
    assert found("eu sanctions !(on|against)", "EU sanctions on generals.") == []
    assert found("eu sanctions !(on|against)", "EU sanctions") == []


def test_a_participle_after_its_noun_is_a_passive():
    assert VOCABULARY.compile("@truce 3 ^~break.pp").passive
    assert not VOCABULARY.compile("^~break 3 @truce").passive


@pytest.mark.parametrize(
    "pattern", ["", "3 truce", "truce 3", "@nothing", "~x", "~agree.future", "two-words!", "(a b)"]
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern):
    with pytest.raises(PatternError):
        VOCABULARY.compile(pattern)
