from services.classify.evaluation import evaluate


def gold(milestones, **overrides):
    return {"in_domain": True, "milestones": milestones, "issues": {}, "tone": "neutral"} | overrides


def given(milestones, **overrides):
    return gold(milestones, **overrides)


def test_right_wrong_and_missed_labels_are_counted():
    scores = evaluate(
        [
            (gold({"talks_held": "reached"}), given({"talks_held": "reached"})),
            (gold({"talks_held": "reached"}), given({})),
            (gold({}), given({"sanctions_imposed": "reached"})),
        ]
    )
    row = scores.rows["milestone reached"]
    assert (row.right, row.wrong, row.missed) == (1, 1, 1)
    assert (row.precision, row.recall, row.f1) == (0.5, 0.5, 0.5)
    assert (scores.alarms, scores.quiet) == (1, 1)


def test_a_wrong_factuality_is_wrong_and_missed_but_the_code_is_right():
    scores = evaluate([(gold({"talks_held": "reached"}), given({"talks_held": "negated"}))])
    assert scores.rows["milestone code + status"].f1 == 0
    assert scores.rows["milestone code"].f1 == 1


def test_labels_on_which_readers_disagree_cost_nothing():
    unsettled = {"milestones": {"talks_held": [None, "reached"]}}
    scores = evaluate([(gold({}, open=unsettled), given({"talks_held": "reached"}))])
    assert scores.rows["milestone reached"].wrong == 0
    assert scores.quiet == 0


def test_the_two_spellings_of_talks_ahead_are_one():
    scores = evaluate([(gold({"talks_held": "prospective"}), given({"talks_scheduled": "prospective"}))])
    assert scores.rows["milestone code + status"].f1 == 1
