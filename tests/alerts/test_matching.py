"""Who is told of a milestone, who is not, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.matching import Criteria, Match, Reason, is_correction, wants
from shared.vocabulary import CODES, Status
from tests.builders import milestone_changed, source

NOTHING_IN_COMMON = Criteria(
    processes=frozenset({"cyprus"}),
    codes=frozenset({"peace_agreement"}),
    statuses=frozenset({Status.CONFIRMED}),
    min_confidence=1.0,
    publishers=frozenset({"gazette.example"}),
)


def told(criteria, milestone, *, told_before=False):
    return wants(criteria, milestone, told_before=told_before)


class TestCriteria:
    def test_who_asks_for_nothing_in_particular_is_told_all(self):
        assert told(Criteria(), milestone_changed()) == Match(wanted=True, reason=Reason.MATCHES)

    @pytest.mark.parametrize(
        ("criteria", "reason"),
        [
            (Criteria(processes=frozenset({"cyprus"})), Reason.OTHER_PROCESS),
            (Criteria(codes=frozenset({"talks_held"})), Reason.OTHER_CODE),
            (Criteria(statuses=frozenset({Status.CONFIRMED})), Reason.OTHER_STATUS),
            (Criteria(min_confidence=0.91), Reason.LOW_CONFIDENCE),
            (Criteria(publishers=frozenset({"gazette.example"})), Reason.OTHER_PUBLISHERS),
        ],
    )
    def test_who_asks_for_something_else_is_not_told_and_knows_why(self, criteria, reason):
        assert told(criteria, milestone_changed(confidence=0.9)) == Match(wanted=False, reason=reason)

    @pytest.mark.parametrize(
        "criteria",
        [
            Criteria(processes=frozenset({"cyprus", "ukraine"})),
            Criteria(codes=frozenset({"talks_held", "ceasefire_agreed"})),
            Criteria(statuses=frozenset({Status.CONFIRMED, Status.REPORTED})),
            Criteria(min_confidence=0.9),
            Criteria(publishers=frozenset({"herald.example", "gazette.example"})),
        ],
    )
    def test_who_asks_for_it_among_others_is_told(self, criteria):
        assert told(criteria, milestone_changed(confidence=0.9)).wanted

    def test_one_of_many_publishers_is_enough(self):
        milestone = milestone_changed(sources=(source(publisher=None), source(publisher="gazette.example")))
        assert told(Criteria(publishers=frozenset({"gazette.example"})), milestone).wanted

    @pytest.mark.parametrize("factuality", ["claimed", "prospective", "negated"])
    def test_a_trusted_publisher_that_does_not_say_it_happened_is_no_reason_to_tell(self, factuality):
        milestone = milestone_changed(
            sources=(source(), source(publisher="gazette.example", factuality=factuality)),
        )
        match = told(Criteria(publishers=frozenset({"gazette.example"})), milestone)
        assert match == Match(wanted=False, reason=Reason.OTHER_PUBLISHERS)

    def test_a_trusted_publisher_that_denies_it_is_behind_the_retraction(self):
        milestone = milestone_changed(
            status="retracted",
            previous_status="reported",
            sources=(source(publisher="gazette.example", factuality="negated"),),
        )
        assert told(Criteria(publishers=frozenset({"gazette.example"})), milestone).wanted


class TestLateAndTest:
    def test_what_old_texts_tell_is_delivered_to_nobody(self):
        match = told(Criteria(), milestone_changed(late=True))
        assert match == Match(wanted=False, reason=Reason.LATE_NOT_ASKED_FOR)

    def test_what_old_texts_tell_is_delivered_to_who_asks_for_it(self):
        assert told(Criteria(include_late=True), milestone_changed(late=True)).wanted

    def test_a_drill_is_delivered_to_nobody(self):
        match = told(Criteria(), milestone_changed(test=True))
        assert match == Match(wanted=False, reason=Reason.TEST_NOT_ASKED_FOR)

    def test_a_drill_is_delivered_to_who_asks_for_it_and_for_its_process(self):
        assert told(Criteria(include_test=True), milestone_changed(test=True)).wanted
        elsewhere = Criteria(include_test=True, processes=frozenset({"cyprus"}))
        assert told(elsewhere, milestone_changed(test=True)).reason is Reason.OTHER_PROCESS


CORRECTIONS = [
    ("reported", "retracted"),
    ("confirmed", "retracted"),
    ("reported", "reversed"),
    ("confirmed", "reversed"),
    ("reversed", "retracted"),
    ("confirmed", "reported"),
]


class TestCorrections:
    @pytest.mark.parametrize(("before", "after"), CORRECTIONS)
    @pytest.mark.parametrize("late", [False, True])
    def test_whoever_was_told_hears_of_a_correction_whatever_the_filter_says_now(self, before, after, late):
        milestone = milestone_changed(previous_status=before, status=after, late=late, confidence=0.1)
        match = told(NOTHING_IN_COMMON, milestone, told_before=True)
        assert match == Match(wanted=True, reason=Reason.CORRECTION)

    @pytest.mark.parametrize(("before", "after"), CORRECTIONS)
    def test_who_was_never_told_and_does_not_ask_hears_nothing(self, before, after):
        milestone = milestone_changed(previous_status=before, status=after)
        assert not told(NOTHING_IN_COMMON, milestone).wanted

    @pytest.mark.parametrize(("before", "after"), [(None, "reported"), (None, "confirmed"), ("reported", "confirmed")])
    def test_good_news_is_filtered_also_for_who_was_told_before(self, before, after):
        milestone = milestone_changed(previous_status=before, status=after)
        assert not told(NOTHING_IN_COMMON, milestone, told_before=True).wanted

    @pytest.mark.parametrize("status", Status)
    def test_a_further_source_for_what_was_said_already_is_no_correction(self, status):
        assert not is_correction(milestone_changed(previous_status=status, status=status))

    def test_the_end_of_a_drill_reaches_who_heard_of_the_drill(self):
        milestone = milestone_changed(previous_status="reported", status="retracted", test=True)
        assert told(Criteria(), milestone, told_before=True).wanted


criteria = st.builds(
    Criteria,
    processes=st.frozensets(st.sampled_from(["ukraine", "cyprus"])),
    codes=st.frozensets(st.sampled_from(sorted(CODES)[:3])),
    statuses=st.frozensets(st.sampled_from(Status)),
    min_confidence=st.floats(0, 1),
    publishers=st.frozensets(st.sampled_from(["herald.example", "gazette.example"])),
    include_late=st.booleans(),
    include_test=st.booleans(),
)
milestones = st.builds(
    milestone_changed,
    process=st.sampled_from(["ukraine", "cyprus"]),
    code=st.sampled_from(sorted(CODES)[:3]),
    status=st.sampled_from(Status),
    previous_status=st.none() | st.sampled_from(Status),
    confidence=st.floats(0, 1),
    late=st.booleans(),
    test=st.booleans(),
)


@given(criteria, milestones, st.booleans())
def test_the_answer_and_its_reason_never_contradict_each_other(asked, milestone, told_before):
    match = wants(asked, milestone, told_before=told_before)
    assert match.wanted == (match.reason in {Reason.MATCHES, Reason.CORRECTION})


@given(criteria, milestones)
def test_having_been_told_before_never_takes_a_message_away(asked, milestone):
    assert told(asked, milestone, told_before=True).wanted >= told(asked, milestone).wanted
