"""What each code is reached by, and the near misses beside it. Headlines stand alone; sentences carry a full stop."""

from datetime import date

import pytest

from tests.classify.reading import statuses

REACHED = [
    # ceasefire_agreed
    ("ceasefire_agreed", "Armenia and Azerbaijan agree to a ceasefire"),
    ("ceasefire_agreed", "Sudan's army declares a truce in El Fasher"),
    ("ceasefire_agreed", "The ceasefire in Gaza took effect at dawn, mediators said."),
    ("ceasefire_agreed", "A truce was reached between the Houthis and the government of Yemen late on Sunday."),
    ("ceasefire_agreed", "Thailand and Cambodia have extended their truce by thirty days."),
    ("ceasefire_agreed", "Israel and Hezbollah sign cease-fire deal"),
    # ceasefire_broken
    ("ceasefire_broken", "Shelling breaks ceasefire in Nagorno-Karabakh"),
    ("ceasefire_broken", "The truce in Lebanon collapsed after three days."),
    # peace_agreement
    ("peace_agreement", "Congo and Rwanda sign peace agreement in Washington"),
    ("peace_agreement", "A peace accord was signed by Colombia and the ELN on Friday."),
    # talks_held
    ("talks_held", "Russian and Ukrainian negotiators hold peace talks in Istanbul"),
    ("talks_held", "Peace talks between Kosovo and Serbia resumed on Monday in Brussels."),
    ("talks_held", "Iran's foreign minister met European envoys in Vienna to discuss the nuclear deal."),
    ("talks_held", "Nuclear talks with Iran underway in Muscat"),
    # talks_scheduled
    ("talks_scheduled", "Ukraine and Russia to hold peace talks in Geneva on Thursday"),
    ("talks_scheduled", "The next round of Cyprus peace talks will take place in June."),
    ("talks_scheduled", "Sudan's warring sides agree to meet in Jeddah for peace talks"),
    # talks_collapsed
    ("talks_collapsed", "Houthis walk out of peace talks"),
    ("talks_collapsed", "Peace talks on Western Sahara have collapsed."),
    ("talks_collapsed", "Pyongyang breaks off nuclear talks"),
    # parliamentary_approval and _rejection
    ("parliamentary_approval", "Ukrainian parliament ratifies security pact with allies at war's third year"),
    ("parliamentary_approval", "The Knesset approved the Gaza withdrawal plan by 67 votes to 45."),
    ("parliamentary_rejection", "US Senate rejects resolution on Iran war powers"),
    ("parliamentary_rejection", "Armenia's parliament voted down the peace treaty with Azerbaijan."),
    # sanctions
    ("sanctions_imposed", "EU adopts new sanctions against Russia"),
    ("sanctions_imposed", "Britain imposed sanctions on two Sudanese commanders on Tuesday."),
    ("sanctions_imposed", "UK sanctions three Russian generals"),
    ("sanctions_imposed", "The EU has extended its arms embargo on Myanmar by a year."),
    ("sanctions_eased", "Washington lifts sanctions on Syria"),
    ("sanctions_eased", "Sanctions on Venezuela's oil were eased on Friday."),
    # prisoner_exchange
    ("prisoner_exchange", "Russia and Ukraine swap 300 prisoners of war"),
    ("prisoner_exchange", "Hamas releases four Israeli hostages"),
    ("prisoner_exchange", "More than 2,000 political prisoners were freed in Myanmar on Sunday."),
    # troop_withdrawal
    ("troop_withdrawal", "M23 rebels begin withdrawal from Uvira"),
    ("troop_withdrawal", "Rwanda withdraws troops from eastern Congo"),
    ("troop_withdrawal", "The Israeli army has pulled its forces out of southern Lebanon."),
    # humanitarian_access
    ("humanitarian_access", "Aid trucks enter Gaza through Rafah crossing"),
    ("humanitarian_access", "Hundreds of civilians were evacuated from besieged Mariupol on Sunday."),
    # monitoring_mission
    ("monitoring_mission", "UN Security Council extends peacekeeping mission in South Sudan"),
    ("monitoring_mission", "African Union peacekeepers arrive in Mogadishu"),
    # the rest
    ("security_guarantees", "Ukraine and France sign security guarantees agreement"),
    ("reconstruction_funding", "EU pledges 500 million euros for Gaza reconstruction"),
    ("territorial_settlement", "Spain and Ireland recognise Palestinian state"),
]


def _split(sentence: str) -> tuple[str, str]:
    return ("", sentence) if sentence.endswith((".", "?")) else (sentence, "")


@pytest.mark.parametrize(("code", "sentence"), REACHED, ids=[f"{c}: {s[:40]}" for c, s in REACHED])
def test_what_is_stated_as_fact_is_reached(code, sentence):
    assert statuses(*_split(sentence)).get(code) == "reached"


SHORT_OF_IT = [
    ("ceasefire_agreed", "prospective", "Mediators hope for a ceasefire in Sudan"),
    ("ceasefire_agreed", "prospective", "Talks in Doha could lead to a ceasefire in Gaza."),
    ("ceasefire_agreed", "prospective", "The UN calls for an immediate truce in Yemen."),
    ("ceasefire_agreed", "prospective", "Russia and Ukraine may agree to a ceasefire this month, analysts say."),
    ("ceasefire_agreed", "prospective", "If Israel and Hamas agree to a truce, aid will follow."),
    ("ceasefire_agreed", "negated", "Houthis reject ceasefire"),
    ("ceasefire_agreed", "negated", "Israel and Hamas did not agree to a truce."),
    ("ceasefire_agreed", "negated", "No ceasefire has been reached in Sudan."),
    ("ceasefire_agreed", "claimed", "Trump says Russia and Ukraine have agreed to a ceasefire"),
    ("ceasefire_agreed", "claimed", "Hamas has reportedly agreed to a truce."),
    ("ceasefire_broken", "claimed", "Kyiv accuses Moscow of breaking the truce"),
    ("ceasefire_broken", "claimed", "Azerbaijan said Armenia had violated the ceasefire."),
    ("peace_agreement", "prospective", "Kosovo and Serbia close to signing a peace deal"),
    ("peace_agreement", "prospective", "A peace agreement for Colombia is possible, the envoy said."),
    ("talks_scheduled", "prospective", "Iran open to nuclear talks with United States"),
    ("talks_scheduled", "prospective", "Guterres urges Sudan's generals to resume peace talks"),
    ("talks_held", "negated", "Hezbollah refuses to hold talks with Israel"),
    ("talks_collapsed", "prospective", "Rebels threaten to walk out of Darfur peace talks"),
    ("parliamentary_approval", "prospective", "Zelensky urges parliament to ratify the peace treaty"),
    ("parliamentary_approval", "prospective", "The Knesset will vote on the hostage deal on Sunday."),
    ("sanctions_imposed", "prospective", "EU considers new sanctions on Russia"),
    ("sanctions_imposed", "prospective", "Washington threatens to impose sanctions on South Sudan."),
    ("sanctions_imposed", "prospective", "The EU will impose sanctions on Rwanda if the fighting in Goma goes on."),
    ("sanctions_eased", "negated", "White House rules out lifting sanctions on Iran"),
    ("sanctions_eased", "prospective", "Damascus calls for lifting of sanctions on Syria"),
    ("prisoner_exchange", "prospective", "Families demand release of hostages held in Gaza"),
    ("prisoner_exchange", "prospective", "Efforts to secure the release of hostages in Gaza go on."),
    ("prisoner_exchange", "negated", "Junta refuses to free political prisoners in Myanmar"),
    ("troop_withdrawal", "prospective", "US plans to withdraw troops from Syria"),
    ("troop_withdrawal", "prospective", "Lebanon demands that Israel withdraw its forces."),
    ("troop_withdrawal", "claimed", "Russian forces have withdrawn from Kherson, Ukraine says"),
    ("humanitarian_access", "prospective", "UN appeals for humanitarian corridor to El Fasher"),
    ("monitoring_mission", "prospective", "France proposes to send peacekeepers to Ukraine"),
    ("monitoring_mission", "negated", "Sudan rejects peacekeepers in Darfur"),
    ("sanctions_imposed", "prospective", "European leaders agree to sanctions on Russia if it attacks Moldova."),
    ("troop_withdrawal", "prospective", "When the withdrawal of US troops from Syria is complete, others may come."),
    ("troop_withdrawal", "prospective", "Rwanda must stop its support of M23 and withdraw its troops from Goma."),
    ("security_guarantees", "prospective", "Kyiv wants security guarantees before any ceasefire"),
]


@pytest.mark.parametrize(("code", "status", "sentence"), SHORT_OF_IT, ids=[f"{c}: {s[:40]}" for c, _, s in SHORT_OF_IT])
def test_what_falls_short_of_fact_is_not_reached(code, status, sentence):
    assert statuses(*_split(sentence)).get(code) == status


NOTHING = [
    ("prisoner_exchange", "Freed hostage tells of her months in Gaza"),
    ("prisoner_exchange", "Militants in Darfur release video of the hostages."),
    ("sanctions_imposed", "How sanctions-hit Iran sells its oil"),
    ("sanctions_imposed", "US sanctions on Iran hurt the sick, doctors in Tehran say"),
    ("sanctions_imposed", "Yacht of sanctioned Russian oligarch sinks off Kherson"),
    ("talks_held", "Iran's president met with voters in Isfahan as the war went on."),
    ("ceasefire_agreed", "Ceasefire monitors in Lebanon write their yearly report"),
    ("territorial_settlement", "Life in Crimea, which Russia annexed in 2014"),
    ("ceasefire_agreed", "Truce in the trade war: Washington and Beijing agree to a tariff truce"),
    ("talks_held", "Israel's opposition holds coalition talks with Netanyahu as war goes on"),
]


@pytest.mark.parametrize(("code", "sentence"), NOTHING, ids=[f"{c}: {s[:40]}" for c, s in NOTHING])
def test_a_background_noun_or_another_meaning_is_no_event(code, sentence):
    assert code not in statuses(*_split(sentence), published=date(2026, 7, 1))


OUTSIDE = [
    "Striker ends ceasefire with coach before the cup final",
    "Parliament approves the budget after a night of debate",
    "Bank robber frees hostages after police talks",
    "Unions and the railway agree a truce in the pay dispute",
    "Film about the peace of the countryside opens in May",
    "Tennis star withdraws from the tournament",
]


@pytest.mark.parametrize("title", OUTSIDE)
def test_sport_business_and_crime_are_outside_whatever_words_they_use(title):
    assert statuses(title) == {}
