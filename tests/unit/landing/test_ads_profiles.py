"""The profiles of advertising and mailing vendors: each feed is recognised in each language, and never another in its place."""

import random

import pytest

from orchestration.landing.profile_folders import SHIPPED_PROFILES
from orchestration.landing.profiles import load_profiles
from orchestration.landing.recognise import recognise
from orchestration.landing.refused import RefusedError

PROFILES = load_profiles(SHIPPED_PROFILES)
VENDORS = (
    "google_ads", "linkedin_ads", "meta_ads", "microsoft_ads", "mailchimp", "brevo", "ga4", "google_ads_connector",
    "linkedin_ads_connector", "facebook_ads_connector", "attribution_paths",
)  # fmt: skip
# Tables with the very same columns: only their names tell them apart.
TWINS = {
    "facebook_ads_connector/account_history", "facebook_ads_connector/basic_ad_actions",
    "facebook_ads_connector/basic_ad_action_values", "facebook_ads_connector/demographics_country_actions",
    "facebook_ads_connector/demographics_region_actions",
}  # fmt: skip
# What is left then is another report's very header: a daily report without its day is one of its whole period, events without
# their parameters are flat, and Facebook's ad sets without their campaign have the columns of campaigns.
WITHOUT_IT_ANOTHER_REPORT = {
    ("google_ads/campaign_daily", "day"), ("meta_ads/campaign_daily", "day"), ("ga4/events", "event_params"),
    ("facebook_ads_connector/ad_set_history", "campaign_id"),
}  # fmt: skip


def feeds_and_languages():
    return [
        pytest.param(feed, language, id=f"{feed.name}-{language}")
        for vendor in VENDORS
        for feed in PROFILES[vendor].feeds.values()
        for language in feed.languages
    ]


def line(cells: list[str]) -> str:
    return ";".join('"' + cell + '"' for cell in cells) + "\n"


def recognised(cells: list[str], name: str = "x.csv"):
    return recognise(line(cells), name, PROFILES.values())


def a_name(feed) -> str:
    return feed.files[0].replace("*", "") + ".csv"


@pytest.mark.parametrize(("feed", "language"), feeds_and_languages())
def test_a_feed_is_recognised_in_another_order_and_another_case(feed, language):
    cells = [column.header_in(language).swapcase() for column in feed.columns.values()]
    random.Random(7).shuffle(cells)
    found = recognised(cells, a_name(feed))
    assert (found.feed.name, found.language) == (feed.name, language)
    assert set(found.columns.values()) == set(feed.columns)


@pytest.mark.parametrize(("feed", "language"), feeds_and_languages())
def test_a_feed_is_recognised_without_the_columns_that_an_export_may_leave_out(feed, language):
    required = {name: column for name, column in feed.columns.items() if column.required}
    found = recognised([column.header_in(language) for column in required.values()], a_name(feed))
    assert (found.feed.name, found.language) == (feed.name, language)
    assert set(found.columns.values()) == set(required)
    assert set(feed.key) <= set(required)


@pytest.mark.parametrize(("feed", "language"), feeds_and_languages())
def test_every_wording_of_a_header_stands_for_its_column(feed, language):
    usual = {name: column.header_in(language) for name, column in feed.columns.items()}
    for name, column in feed.columns.items():
        for wording in column.headers_in(language)[1:]:
            found = recognised([*{**usual, name: wording}.values()], a_name(feed))
            assert (found.feed.name, set(found.columns.values())) == (feed.name, set(feed.columns)), wording


@pytest.mark.parametrize(("feed", "language"), feeds_and_languages())
def test_a_header_alone_decides_but_for_tables_with_the_same_columns_which_are_refused(feed, language):
    cells = [column.header_in(language) for column in feed.columns.values()]
    if feed.name not in TWINS:
        assert recognised(cells).feed.name == feed.name
        return
    with pytest.raises(RefusedError) as refusal:
        recognised(cells)
    assert refusal.value.code == "ambiguous_feed"
    assert feed.name in str(refusal.value)


def every_required_column():
    return [
        pytest.param(*item.values, left_out, id=f"{item.id}-{left_out}")
        for item in feeds_and_languages()
        for left_out, column in item.values[0].columns.items()
        if column.required and (item.values[0].name, left_out) not in WITHOUT_IT_ANOTHER_REPORT
    ]


@pytest.mark.parametrize(("feed", "language", "left_out"), every_required_column())
def test_a_file_without_a_required_column_is_refused_and_never_taken_for_another_feed(feed, language, left_out):
    cells = [column.header_in(language) for name, column in feed.columns.items() if name != left_out]
    with pytest.raises(RefusedError) as refusal:
        recognised(cells, a_name(feed))
    assert refusal.value.code in ("missing_column", "finer_rows")


@pytest.mark.parametrize(
    ("feed", "language", "segment"),
    [
        ("google_ads/campaign_daily", "en", "Device"), ("google_ads/campaign_daily", "fr", "Appareil"),
        ("google_ads/campaign_report", "en", "Week"), ("google_ads/campaign_report", "fr", "Groupe d’annonces"),
        ("linkedin_ads/campaign_performance", "fr", "ID Pub"), ("meta_ads/campaign_daily", "en", "Ad set name"),
        ("meta_ads/campaign_report", "fr", "Nom de l’ensemble de publicités"),
        ("microsoft_ads/campaign_daily", "en", "DeviceType"),
    ],
)  # fmt: skip
def test_a_report_with_finer_rows_is_refused_so_that_its_rows_do_not_replace_one_another(feed, language, segment):
    vendor, entity = feed.split("/")
    columns = PROFILES[vendor].feeds[entity].columns
    with pytest.raises(RefusedError) as refusal:
        recognised([*(column.header_in(language) for column in columns.values()), segment])
    assert (refusal.value.code, refusal.value.feed) == ("finer_rows", feed)
    assert segment.replace("’", "'").casefold() in str(refusal.value)


def test_a_daily_google_report_without_campaign_numbers_is_not_taken_for_the_report_of_a_whole_period():
    columns = PROFILES["google_ads"].feeds["campaign_daily"].columns
    with pytest.raises(RefusedError) as refusal:
        recognised([column.header_in("en") for name, column in columns.items() if name != "campaign_id"], "Campaign report.csv")
    assert (refusal.value.code, refusal.value.feed) == ("missing_column", "google_ads/campaign_daily")


def test_amounts_in_another_currency_than_the_profiles_are_refused_by_name():
    columns = PROFILES["meta_ads"].feeds["campaign_daily"].columns
    cells = ["Amount spent (USD)" if name == "spend" else column.header_in("en") for name, column in columns.items()]
    with pytest.raises(RefusedError) as refusal:
        recognised(cells, "Atelier-Campaigns-1-Sep-2026.csv")
    assert refusal.value.code == "missing_column"
    assert "'amount spent (usd)'" in str(refusal.value)


def test_every_origin_channel_of_a_profile_is_in_the_channel_map(request):
    seed = request.config.rootpath / "seeds" / "channel_map.csv"
    known = {text.split(",")[0] for text in seed.read_text(encoding="utf-8").splitlines()[1:]}
    feeds = [feed for vendor in VENDORS for feed in PROFILES[vendor].feeds.values() if feed.canonical]
    assert {feed.canonical.constants["origin_channel"] for feed in feeds} <= known
