"""Headlines without a lead, and leads without a headline: enough to say what was reached, and what was not."""

import pytest

from tests.classify.reading import statuses

REACHED = [
    ("talks_held", "Armenian and Azerbaijani leaders meet in Prague"),
    ("talks_held", "Witkoff meets Putin in Moscow"),
    ("talks_held", "Afghan government and Taliban negotiators meet in Doha"),
    ("talks_held", "Colombian government opens dialogue with ELN rebels"),
    ("talks_scheduled", "Iran, US to hold nuclear talks in Oman on Saturday"),
    ("ceasefire_agreed", "India and Pakistan agree to full ceasefire"),
    ("ceasefire_agreed", "Ethiopia, Tigray forces agree to end hostilities"),
    ("ceasefire_broken", "Israel ends Gaza ceasefire with wave of strikes"),
    ("peace_agreement", "DR Congo and Rwanda sign peace agreement in Washington"),
    ("parliamentary_approval", "US Senate passes aid package for Ukraine"),
    ("parliamentary_rejection", "US Senate blocks Ukraine aid bill"),
    ("sanctions_imposed", "Washington blacklists Chinese firms over Iran oil"),
    ("sanctions_eased", "UN lifts arms embargo on Libya"),
    ("prisoner_exchange", "Kidnapped aid worker freed in Sudan"),
    ("troop_withdrawal", "Israel begins pulling troops out of northern Gaza"),
    ("humanitarian_access", "Israel reopens Kerem Shalom crossing to Gaza aid"),
    ("monitoring_mission", "UN Security Council extends Lebanon peacekeeping mission"),
    ("security_guarantees", "Ukraine and Germany sign security agreement"),
    ("reconstruction_funding", "Qatar pledges $500m for Gaza reconstruction"),
    ("territorial_settlement", "Israel recognises Somaliland as independent state"),
]
LEADS = [
    (
        "talks_held",
        "Indian Prime Minister Manmohan Singh met Pakistani leader Pervez Musharraf in New York on Friday and agreed to look at ways to settle the Kashmir dispute.",
    ),
    ("talks_held", "North Korea and the United States ended three days of talks in Beijing without agreement."),
    ("talks_held", "Syria's interim president met Israeli negotiators in Paris this week, state media said."),
    ("talks_scheduled", "The next round of talks between Russia and Ukraine will take place in Abu Dhabi on Thursday."),
    (
        "talks_collapsed",
        "Rebel delegates walked out of Darfur peace talks on Tuesday, accusing Khartoum of attacking villages.",
    ),
    ("ceasefire_agreed", "A ceasefire between Israel and Hezbollah came into force at dawn on Wednesday."),
    ("peace_agreement", "The government and the FARC have reached a final agreement to end five decades of war."),
    (
        "parliamentary_approval",
        "Lawmakers in Tehran passed legislation obliging the government to resume uranium enrichment.",
    ),
    (
        "parliamentary_rejection",
        "Hungarian lawmakers defeated a government proposal to keep troops in Iraq until March.",
    ),
    ("sanctions_imposed", "The US Treasury Department designated two Houthi leaders on Thursday."),
    ("prisoner_exchange", "Two French journalists held hostage in Iraq for four months were released on Tuesday."),
    ("prisoner_exchange", "Russia and Ukraine each handed over 150 prisoners of war on Saturday."),
    ("troop_withdrawal", "Syria has redeployed about 3,000 soldiers from positions near Beirut."),
    ("humanitarian_access", "Aid trucks began crossing into Gaza on Sunday for the first time in three months."),
    ("reconstruction_funding", "International donors pledged $4.5bn on Friday to rebuild southern Sudan."),
]
NOTHING = [
    "Kremlin: no date set for next Ukraine talks",
    "Israel weighs response to Hamas ceasefire proposal",
    "One year after the ceasefire, Gaza is still in ruins",
    "Freed hostage tells of 500 days in Gaza tunnels",
    "Army denies its troops pulled out of El Fasher",
    "Germany rules out sending peacekeepers to Ukraine",
    "China and US agree tariff truce after Geneva talks",
    "Gang releases hostages after bank robbery in Kyiv",
    "Turkey withdraws from Eurovision over Israel",
    "If Iran does not return to talks, sanctions will snap back",
    "Report: Hamas and Israel agree to 60-day truce",
    "Video of hostage released by captors in Gaza",
]


@pytest.mark.parametrize(("code", "headline"), REACHED, ids=[headline for _, headline in REACHED])
def test_a_headline_that_reports_a_milestone_reaches_it(code, headline):
    assert statuses(headline).get(code) == "reached"


@pytest.mark.parametrize("headline", NOTHING)
def test_a_headline_that_reports_none_reaches_nothing(headline):
    assert "reached" not in statuses(headline).values()


@pytest.mark.parametrize(("code", "lead"), LEADS, ids=[lead[:40] for _, lead in LEADS])
def test_a_lead_that_reports_a_milestone_reaches_it(code, lead):
    assert statuses("", lead).get(code) == "reached"
