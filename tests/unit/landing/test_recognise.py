import pytest

from orchestration.landing.profile_folders import SHIPPED_PROFILES
from orchestration.landing.profiles import load_profiles
from orchestration.landing.recognise import recognise
from orchestration.landing.refused import RefusedError

PROFILES = list(load_profiles(SHIPPED_PROFILES).values())


def header(vendor: str, entity: str, language: str = "any") -> list[str]:
    feed = next(profile for profile in PROFILES if profile.vendor == vendor).feeds[entity]
    return [column.header_in(language) for column in feed.columns.values()]


def every_feed():
    return [
        pytest.param(feed, language, id=f"{feed.name}-{language}")
        for profile in PROFILES
        for feed in profile.feeds.values()
        for language in feed.languages
    ]


@pytest.mark.parametrize(("feed", "language"), every_feed())
def test_each_feed_is_recognised_by_its_own_header(feed, language):
    cells = ['"' + column.header_in(language) + '"' for column in feed.columns.values()]
    name = (feed.files[0] if feed.files else "x").replace("*", "") + ".csv"
    found = recognise(",".join(cells) + "\n", name, PROFILES)
    assert found.feed.name == feed.name
    assert found.language == language
    assert set(found.columns.values()) == set(feed.columns)


def test_the_order_of_columns_and_the_lines_before_the_header_do_not_matter():
    cells = list(reversed(header("olist", "closed_deals")))
    found = recognise("A title\n\n" + "\t".join(cells) + "\n", "anything.csv", PROFILES)
    assert (found.feed.entity, found.dialect.delimiter, found.header_line) == ("closed_deals", "\t", 2)
    assert found.columns[0] == "declared_monthly_revenue"


def test_a_missing_column_is_named_with_feed_remedy_and_nearest_candidate():
    cells = ["mql_ref" if cell == "mql_id" else cell for cell in header("olist", "closed_deals")]
    with pytest.raises(RefusedError) as refusal:
        recognise(";".join(cells) + "\n", "closed_deals.csv", PROFILES)
    assert refusal.value.code == "missing_column"
    assert refusal.value.feed == "olist/closed_deals"
    for part in ("closed_deals.csv", "'mql_id'", "'mql_ref'", "remedy"):
        assert part in str(refusal.value)


def test_a_doubled_column_is_refused():
    cells = [*header("maven", "products"), "product"]
    with pytest.raises(RefusedError) as refusal:
        recognise(",".join(cells) + "\n", "products.csv", PROFILES)
    assert refusal.value.code == "duplicate_column"


def test_an_unknown_header_is_not_a_feed():
    with pytest.raises(RefusedError) as refusal:
        recognise("colour,size\nred,1\n", "shoes.csv", PROFILES)
    assert refusal.value.code == "not_a_feed"


def test_a_new_column_is_kept_apart_and_does_not_refuse_the_file():
    found = recognise(",".join([*header("maven", "products"), "colour"]) + "\n", "products.csv", PROFILES)
    assert list(found.extra_columns.values()) == ["colour"]


def test_a_sentence_that_lists_most_columns_of_a_feed_is_not_a_feed():
    columns = ";".join(header("odoo", "prospects"))
    text = f"Ten prospects: `{columns}`. Made up.\n\nSo eight people.\n"
    with pytest.raises(RefusedError) as refusal:
        recognise(text, "README.md", PROFILES)
    assert refusal.value.code == "not_a_feed"
