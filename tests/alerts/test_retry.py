"""When a delivery is tried again, for every status and every number of tries."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.message import Kind, Outcome
from services.alerts.delivery.retry import (
    DELAYS,
    MAX_RETRY_AFTER,
    OWN_FAULT_DELAY,
    Decision,
    Reason,
    Verdict,
    next_try,
    outcome_of,
)

NOW = datetime(2026, 3, 2, 9, 31, 5, tzinfo=UTC)
FAILED = Outcome(Kind.FAILED, 500)
OWN_FAULT = Outcome(Kind.OWN_FAULT, detail="the name service did not answer")
DAY = 86_400.0

SUCCESSES = range(200, 300)


def expected_kind(status):
    if status in SUCCESSES:
        return Kind.DELIVERED
    return Kind.GONE if status == 410 else Kind.FAILED


class TestStatuses:
    @pytest.mark.parametrize("status", range(100, 600))
    def test_only_2xx_is_success_only_410_is_the_end_and_all_else_is_tried_again(self, status):
        outcome = outcome_of(status, None, "said so", NOW)
        assert outcome == Outcome(expected_kind(status), status, "said so", None)
        verdict = {Kind.DELIVERED: Verdict.DELIVERED, Kind.GONE: Verdict.DISABLE, Kind.FAILED: Verdict.RETRY}
        assert next_try(0, outcome, NOW, 0).verdict is verdict[outcome.kind]

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("7", 7.0),
            (" 120 ", 120.0),
            ("0", 0.0),
            ("86401", DAY),
            ("9" * 5000, DAY),
            (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120.0),
            (format_datetime(NOW.astimezone(timezone(timedelta(hours=2))) + timedelta(minutes=2)), 120.0),
            ("Mon, 02 Mar 2026 09:31:35 -0000", 30.0),
            (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
            (format_datetime(NOW + timedelta(days=9), usegmt=True), DAY),
            ("Fri, 31 Dec 9999 23:59:59 -2359", DAY),
        ],
    )
    def test_a_busy_receiver_may_ask_for_time_of_at_most_a_day(self, status, header, seconds):
        assert outcome_of(status, header, "", NOW).retry_after == seconds

    @pytest.mark.parametrize(
        "header", ["", "soon", "-5", "1.5", "٧", "Mon, 99 Foo 2026", "Mon, 02 Mar 99999 09:31:35 GMT"]
    )
    def test_a_wait_that_makes_no_sense_is_ignored(self, header):
        assert outcome_of(503, header, "", NOW) == Outcome(Kind.FAILED, 503)

    @given(st.text() | st.from_regex(r"\A[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ ([+-]\d+|GMT)\Z"))
    def test_any_wait_is_either_ignored_or_between_nothing_and_a_day(self, header):
        wait = outcome_of(429, header, "", NOW).retry_after
        assert wait is None or 0 <= wait <= DAY

    @pytest.mark.parametrize("status", [200, 301, 400, 410, 500])
    def test_other_statuses_cannot_ask_for_time(self, status):
        assert outcome_of(status, "60", "", NOW).retry_after is None


class TestNextTry:
    def test_ten_tries_are_made_over_some_76_hours(self):
        made, now, delays = 0, NOW, [timedelta(0)]
        while (decision := next_try(made, FAILED, now, 0)).verdict is Verdict.RETRY:
            delays.append(decision.at - now)
            made, now = decision.attempts_made, decision.at
        assert tuple(delays) == DELAYS
        assert now - NOW == timedelta(hours=75, minutes=35, seconds=5)
        assert decision == Decision(Verdict.EXHAUSTED, Reason.NO_TRIES_LEFT, 10)

    @pytest.mark.parametrize(
        ("made", "seconds"),
        [(0, 5), (1, 300), (2, 1800), (3, 7200), (4, 18_000), (5, 36_000), (6, 50_400), (7, 72_000), (8, 86_400)],
    )
    @pytest.mark.parametrize("jitter", [-1, -0.5, 0, 1])
    def test_a_failed_try_is_repeated_after_its_delay_a_fifth_more_or_less(self, made, seconds, jitter):
        at = NOW + timedelta(seconds=seconds * (1 + 0.2 * jitter))
        assert next_try(made, FAILED, NOW, jitter) == Decision(Verdict.RETRY, Reason.BACKOFF, made + 1, at)

    def test_what_was_received_is_done(self):
        assert next_try(3, Outcome(Kind.DELIVERED, 204), NOW, 0) == Decision(Verdict.DELIVERED, Reason.RECEIVED, 4)

    def test_a_receiver_that_is_gone_ends_the_subscription(self):
        assert next_try(0, Outcome(Kind.GONE, 410), NOW, 0) == Decision(Verdict.DISABLE, Reason.RECEIVER_GONE, 1)

    def test_a_wait_that_is_asked_for_and_longer_than_the_delay_is_granted(self):
        decision = next_try(0, Outcome(Kind.FAILED, 429, retry_after=60), NOW, 0)
        assert decision == Decision(Verdict.RETRY, Reason.RETRY_AFTER, 1, NOW + timedelta(seconds=60))

    def test_a_wait_that_is_asked_for_never_shortens_the_delay(self):
        decision = next_try(2, Outcome(Kind.FAILED, 503, retry_after=1), NOW, 0)
        assert decision == Decision(Verdict.RETRY, Reason.BACKOFF, 3, NOW + timedelta(minutes=30))

    def test_a_wait_of_weeks_is_cut_to_a_day(self):
        assert next_try(0, Outcome(Kind.FAILED, 429, retry_after=1e7), NOW, 0).at == NOW + MAX_RETRY_AFTER

    def test_asking_for_time_buys_no_further_try(self):
        decision = next_try(9, Outcome(Kind.FAILED, 429, retry_after=60), NOW, 0)
        assert decision.verdict is Verdict.EXHAUSTED

    @pytest.mark.parametrize("made", [0, 1, 9, 10, 500])
    def test_our_own_fault_costs_the_receiver_nothing_however_often_it_happens(self, made):
        decision = next_try(made, OWN_FAULT, NOW, 0)
        assert decision == Decision(Verdict.RETRY, Reason.OWN_FAULT, made, NOW + OWN_FAULT_DELAY)

    @given(
        st.integers(0, 100),
        st.sampled_from(Kind),
        st.none() | st.floats(0, 1e9),
        st.floats(-1, 1),
    )
    def test_a_further_try_always_lies_ahead_and_only_a_retry_has_a_time(self, made, kind, retry_after, jitter):
        decision = next_try(made, Outcome(kind, retry_after=retry_after), NOW, jitter)
        assert (decision.at is not None) == (decision.verdict is Verdict.RETRY)
        assert decision.at is None or NOW < decision.at <= NOW + timedelta(hours=24 * 1.2)
        assert decision.attempts_made == made + (kind is not Kind.OWN_FAULT)

    @pytest.mark.parametrize("jitter", [-1.01, 1.01, float("nan")])
    def test_a_jitter_out_of_range_is_refused(self, jitter):
        with pytest.raises(ValueError, match="from -1 to 1"):
            next_try(0, FAILED, NOW, jitter)

    def test_a_negative_number_of_tries_is_refused(self):
        with pytest.raises(ValueError, match="0 or more"):
            next_try(-1, FAILED, NOW, 0)
