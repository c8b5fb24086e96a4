"""Profiles: every broken place is told with its line, the schema is the models', no CRM feed is taken for another.

After a change of the models write the schema again:
`.venv/bin/python -c "import json; from orchestration.landing.profile_folders import SHIPPED_PROFILES
from orchestration.landing.profiles import *;
(SHIPPED_PROFILES / 'profile.schema.json').write_text(json.dumps(profile_schema(), indent=2, ensure_ascii=False) + chr(10))"`
"""

import json

import jsonschema
import pytest
import yaml
from pydantic import ValidationError

from orchestration.landing.canonical import ENTITIES, Canonical
from orchestration.landing.profiles import SHIPPED_PROFILES, ProfileError, load_profile, load_profiles, profile_schema
from orchestration.landing.recognise import recognise
from orchestration.landing.refused import RefusedError

PROFILES = load_profiles(SHIPPED_PROFILES)
CRM = ("hubspot", "salesforce", "salesforce_report", "salesforce_connector", "pipedrive", "zoho", "dynamics",
       "dynamics_connector", "odoo")  # fmt: skip
INTERFACE_EXPORTS = ("hubspot", "salesforce_report", "pipedrive", "zoho", "dynamics", "odoo")
WITH_MODELS_OF_THEIR_OWN = {
    "hubspot/contacts", "hubspot/companies", "hubspot/deals", "odoo/prospects", "salesforce/lead", "salesforce/account",
    "salesforce/opportunity", "salesforce/opportunity_history", "salesforce/lead_history", "salesforce/user",
}  # fmt: skip

GOOD = """\
vendor: acme
label: Acme CRM
source_note: Invented for this test.
currency: EUR
timezone: Europe/Paris
locales:
  en: {decimal: "."}
  fr: {decimal: ",", date_formats: ["%d/%m/%Y"]}
stages:
  opportunity:
    Won: {stage: customer, event: won}
feeds:
  deals:
    description: One row per deal
    delivery: full
    key: [deal_id]
    skip_rows_matching: "^Total"
    extract_time: {latest_of: [created_at]}
    canonical: {entity: deal, columns: {id: deal_id, amount: amount}}
    columns:
      deal_id: {header: {en: Deal, fr: Affaire}}
      amount: {header: {en: Amount, fr: [Montant, Somme]}, type: decimal, currency: EUR}
      created_at: {header: {en: Created, fr: Créée}, type: timestamp, timezone: UTC}
"""

# What is wrong → (text to replace, its replacement, line, place, parts of the message).
BROKEN = {
    "unknown key": ("label: Acme", "lable: Acme", 2, "lable", ["unknown key", "write `label`"]),
    "missing key": ("source_note: Invented for this test.\n", "", 1, "source_note", ["is missing", "add `source_note`"]),
    "unknown key of a column": ("type: decimal", "typ: decimal", 22, "feeds.deals.columns.amount.typ",
        ["unknown key", "write `type`"]),
    "wrong type": ("[deal_id]\n", "deal_id\n", 16, "feeds.deals.key", ["valid list"]),
    "unknown column type": ("type: decimal", "type: number", 22, "feeds.deals.columns.amount.type",
        ["write 'text', 'integer'"]),
    "unknown delivery": ("delivery: full", "delivery: nightly", 15, "feeds.deals.delivery", ["write 'full' or 'delta'"]),
    "key column missing": ("[deal_id]\n", "[deal_no]\n", 16, "feeds.deals.key.0",
        ["'deal_no' is not among", "deal_id, amount"]),
    "extract column missing": ("[created_at]", "[made_at]", 18, "feeds.deals.extract_time.latest_of.0",
        ["'made_at' is not among"]),
    "mapped column missing": ("amount: amount}", "amount: worth}", 19, "feeds.deals.canonical.columns.amount",
        ["'worth' is not among"]),
    "unknown canonical column": ("amount: amount}", "worth: amount}", 19, "feeds.deals.canonical",
        ["worth is no column of deal"]),
    "unknown canonical entity": ("entity: deal", "entity: order", 19, "feeds.deals.canonical.entity",
        ["write 'lead', 'account'"]),
    "bad regular expression": ('"^Total"', '"^(Total"', 17, "feeds.deals.skip_rows_matching", ["is no regular expression"]),
    "look-around": ('"^Total"', '"^(?!x)"', 17, "feeds.deals.skip_rows_matching", ["is no regular expression", "look-around"]),
    "impossible directive": ("%d/%m/%Y", "%d/%m/%Q", 8, "locales.fr.date_formats.0",
        ["'%d/%m/%Q' is no strptime", "such as %d/%m/%Y"]),
    "format without year": ("%d/%m/%Y", "%d/%m", 8, "locales.fr.date_formats.0", ["does not say year and month"]),
    "bad decimal mark": ('decimal: ","', 'decimal: ";"', 8, "locales.fr.decimal", ["write '.' or ','"]),
    "two columns with one header": ("fr: [Montant, Somme]", "fr: [Montant, affaire]", 22, "feeds.deals.columns.amount",
                                    ["header 'affaire' (fr) is already that of column `deal_id`"]),
    "one header twice": ("fr: [Montant, Somme]", "fr: [Montant, Montant]", 22, "feeds.deals.columns.amount",
        ["stands twice in language fr"]),
    "empty header": ("fr: Créée", 'fr: " "', 23, "feeds.deals.columns.created_at.header.fr.0", ["the header's text"]),
    "bad currency": ("currency: EUR\n", "currency: euro\n", 4, "currency", ["ISO 4217"]),
    "bad currency of a column": ("currency: EUR}", "currency: €}", 22, "feeds.deals.columns.amount.currency", ["ISO 4217"]),
    "unknown time zone": ("Europe/Paris", "Europe/Lyon", 5, "timezone", ["'Europe/Lyon' is no time zone", "IANA"]),
    "unknown time zone of a column": ("timezone: UTC}", "timezone: GMT+25}", 23, "feeds.deals.columns.created_at.timezone",
        ["is no time zone"]),
    "unknown stage": ("stage: customer", "stage: client", 11, "stages.opportunity.Won.stage", ["'inquiry', 'mql'"]),
    "bad feed name": ("  deals:\n", "  Deals 2026:\n", 13, "feeds.Deals 2026", ["lower case"]),
    "bad vendor": ("vendor: acme", "vendor: Acme CRM", 1, "vendor", ["lower-case name"]),
    "no locale for a language": ('  en: {decimal: "."}\n', "", 12, "feeds.deals", ["language en", "add `en` or `any`"]),
    "YAML syntax": ("delivery: full", "delivery: [full", 16, "", ["not YAML"]),
    "tab for indentation": ("    key:", "\tkey:", 16, "", ["not YAML"]),
    "impossible day": ("source_note: Invented for this test.", "source_note: 2026-13-01", 3, "", ["can't be"]),
    "doubled key": ("currency: EUR\n", "currency: EUR\ncurrency: USD\n", 5, "currency", ["stands already in line 4"]),
    "doubled column": ("      created_at:", "      amount: Worth\n      created_at:", 23, "feeds.deals.columns.amount",
        ["already in line 22"]),
}  # fmt: skip


@pytest.fixture
def profile_file(tmp_path):
    def write(text: str | bytes, name: str = "acme.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def faults_of(path):
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    return error.value.faults, str(error.value)


def test_the_unbroken_profile_of_these_tests_is_read(profile_file):
    assert load_profile(profile_file(GOOD)).feeds["deals"].name == "acme/deals"


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_profile_is_refused_with_file_line_place_and_remedy(what, profile_file):
    old, new, line, place, parts = BROKEN[what]
    assert old in GOOD
    path = profile_file(GOOD.replace(old, new, 1))
    faults, message = faults_of(path)
    assert (line, place) in [(fault.line, fault.place) for fault in faults]
    assert f"{path}: line {line}: " in message
    for part in [*parts, "remedy: "]:
        assert part in message


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"", "is empty"), (b"# nothing yet\n", "is empty"), (b"- a\n- b\n", "not a mapping"), (b"acme\n", "not a mapping"),
     ("label: Société".encode("cp1252"), "not UTF-8")],
)  # fmt: skip
def test_a_file_that_holds_no_profile_at_all_is_refused(content, part, profile_file):
    faults, message = faults_of(profile_file(content))
    assert len(faults) == 1
    assert part in message


def test_every_wrong_place_is_told_at_once_in_the_order_of_the_file(profile_file):
    text = GOOD
    for what in ("unknown key", "bad currency", "unknown time zone", "impossible directive", "unknown column type"):
        text = text.replace(*BROKEN[what][:2], 1)
    faults, message = faults_of(profile_file(text))
    assert [fault.line for fault in faults if fault.place != "label"] == [2, 4, 5, 8, 22]
    assert len(message.splitlines()) == len(faults)


def test_what_does_not_fit_together_is_told_for_every_place_of_a_feed(profile_file):
    text = GOOD
    for what in ("key column missing", "extract column missing", "mapped column missing", "two columns with one header"):
        text = text.replace(*BROKEN[what][:2], 1)
    faults, _ = faults_of(profile_file(text))
    assert [fault.line for fault in faults] == [16, 18, 19, 22]


def test_all_files_of_the_folders_are_checked_before_anything_is_refused(profile_file):
    first = profile_file(GOOD.replace("vendor: acme", "vendor: 1"), "first.yaml")
    second = profile_file(GOOD.replace("delivery: full", "delivery: x"), "second.yaml")
    with pytest.raises(ProfileError) as error:
        load_profiles(first.parent)
    assert [fault.path for fault in error.value.faults] == [first, second]


def test_one_vendor_in_two_files_of_a_folder_is_refused_and_in_a_later_folder_it_wins(profile_file, tmp_path):
    path = profile_file(GOOD, "first.yaml")
    own = tmp_path / "own"
    own.mkdir()
    (own / "acme.yaml").write_text(GOOD.replace("label: Acme CRM", "label: Ours"))
    assert load_profiles(path.parent, own)["acme"].label == "Ours"
    profile_file(GOOD, "second.yaml")
    with pytest.raises(ProfileError, match=r"second\.yaml: line 1: vendor: 'acme' is also the vendor of first\.yaml"):
        load_profiles(path.parent)


def test_an_alias_stands_for_its_anchor_and_is_no_doubled_key(profile_file):
    text = GOOD.replace("fr: {decimal", "fr: &french {decimal").replace("stages:", "  de: *french\nstages:")
    assert load_profile(profile_file(text)).locales["de"].decimal == ","


def test_short_forms_of_a_header_mean_the_same_as_the_long_one(profile_file):
    long = "{header: {any: [Amount]}}"
    texts = [GOOD.replace("{header: {en: Amount, fr: [Montant, Somme]}, type: decimal, currency: EUR}", form)
             for form in ("Amount", "{header: Amount}", "{header: [Amount]}", "{header: {any: Amount}}", long)]  # fmt: skip
    read = [load_profile(profile_file(text)).feeds["deals"].columns["amount"] for text in texts]
    assert all(column == read[-1] for column in read)


def test_the_checked_in_schema_is_that_of_the_models():
    kept = json.loads((SHIPPED_PROFILES / "profile.schema.json").read_text(encoding="utf-8"))
    assert kept == profile_schema(), "write it again, as this module's docstring says"


@pytest.mark.parametrize("path", sorted(SHIPPED_PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_valid_by_the_schema(path):
    jsonschema.Draft202012Validator(profile_schema()).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "what", ["unknown key", "missing key", "unknown column type", "bad currency", "unknown delivery", "bad decimal mark"]
)
def test_the_schema_refuses_what_the_models_refuse(what):
    broken = yaml.safe_load(GOOD.replace(*BROKEN[what][:2], 1))
    assert not jsonschema.Draft202012Validator(profile_schema()).is_valid(broken)
    assert jsonschema.Draft202012Validator(profile_schema()).is_valid(yaml.safe_load(GOOD))


def crm_feeds():
    return [
        pytest.param(feed, language, id=f"{feed.name}-{language}")
        for vendor in CRM
        for feed in PROFILES[vendor].feeds.values()
        for language in feed.languages
    ]


def headers(feed, language, *, required_only=False, which=0):
    return [
        column.headers_in(language)[which]
        for column in feed.columns.values()
        if column.headers_in(language) and (column.required or not required_only)
    ]


def recognised(cells, delimiter=",", file_name="download.csv"):
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    return recognise(delimiter.join(quoted) + "\n", file_name, PROFILES.values())


@pytest.mark.parametrize(("feed", "language"), crm_feeds())
def test_a_crm_feed_is_recognised_in_each_language_whatever_the_order_case_and_file_name(feed, language):
    cells = headers(feed, language)
    variants = [cells, cells[::-1], sorted(cells), [cell.upper() for cell in cells], [f" {cell.lower()} " for cell in cells]]
    for variant in variants:
        found = recognised(variant, ";")
        assert (found.feed.name, found.language) == (feed.name, language)
        assert set(found.columns.values()) == set(feed.columns)


@pytest.mark.parametrize(("feed", "language"), crm_feeds())
def test_a_crm_feed_is_recognised_without_its_optional_columns_and_by_the_headers_of_other_releases(feed, language):
    for which in (0, -1):
        found = recognised(headers(feed, language, required_only=True, which=which))
        assert (found.feed.name, found.language) == (feed.name, language)


@pytest.mark.parametrize(("feed", "language"), crm_feeds())
def test_a_crm_feed_without_a_required_column_is_refused_as_itself_and_never_landed_as_another(feed, language):
    cells = headers(feed, language, required_only=True)
    file_name = feed.files[0].replace("*", "") + ".csv"
    for missing in range(len(cells)):
        with pytest.raises(RefusedError) as refusal:
            recognised(cells[:missing] + cells[missing + 1 :], file_name=file_name)
        assert refusal.value.code in ("missing_column", "not_a_feed")
        assert refusal.value.feed in (None, feed.name)


@pytest.mark.parametrize(
    ("vendor", "entity", "others"),
    [("pipedrive", "deals", ["persons", "organizations"]), ("salesforce_report", "contacts", ["accounts"]),
     ("zoho", "deals", []), ("salesforce_connector", "opportunity_history", ["opportunity"])],
)  # fmt: skip
def test_columns_of_related_records_do_not_change_what_a_file_is(vendor, entity, others):
    feeds = PROFILES[vendor].feeds
    for language in feeds[entity].languages:
        cells = dict.fromkeys(cell for name in [entity, *others] for cell in headers(feeds[name], language))
        assert recognised(list(cells)).feed.entity == entity


@pytest.mark.parametrize("vendor", INTERFACE_EXPORTS)
def test_an_interface_export_is_known_in_english_and_french_with_the_marks_of_each(vendor):
    profile = PROFILES[vendor]
    spoken = {language for feed in profile.feeds.values() for language in feed.languages}
    assert {"en", "fr"} <= spoken
    assert (profile.locale("en").decimal, profile.locale("fr").decimal) == (".", ",")
    assert "%d/%m/%Y" in profile.locale("fr").date_formats
    assert "%d/%m/%Y" not in profile.locale("en").date_formats


def test_every_crm_entity_reaches_the_marts_by_a_mapping_or_by_models_of_its_own():
    mapped = {feed.canonical.entity for vendor in CRM for feed in PROFILES[vendor].feeds.values() if feed.canonical}
    assert mapped == {"lead", "account", "deal", "user", "field_change"}
    for vendor in CRM:
        for feed in PROFILES[vendor].feeds.values():
            assert not (feed.canonical and feed.name in WITH_MODELS_OF_THEIR_OWN), feed.name
            if feed.canonical:
                types = {name: feed.columns[column].type for name, column in feed.canonical.columns.items()}
                for name, kind in types.items():
                    wanted = ENTITIES[feed.canonical.entity][name]
                    assert kind == wanted or (wanted, kind) == ("timestamp", "date") or wanted == "text", (feed.name, name)


@pytest.mark.parametrize("vendor", CRM)
def test_a_vendors_pipeline_has_a_won_and_a_lost_end_and_starts_before_it_is_qualified(vendor):
    meanings = PROFILES[vendor].stages["opportunity"].values()
    assert {"won", "lost", "entered"} <= {meaning.event for meaning in meanings}
    assert all(meaning.stage == "customer" for meaning in meanings if meaning.event == "won")
    assert all(meaning.reason_code for meaning in meanings if meaning.event in ("lost", "disqualified", "recycled"))


def test_no_note_names_the_source_of_headers_by_a_registry_and_each_says_what_was_not_seen():
    for vendor in INTERFACE_EXPORTS:
        note = PROFILES[vendor].source_note
        assert len(note) > 200
        assert any(text in note for text in ("not seen", "not verified", "Not verified", "Not seen", "none was seen"))


def test_a_deal_of_nothing_but_an_id_is_refused_with_what_it_needs():
    with pytest.raises(ValidationError, match="deal needs `stage` or `amount` or `closed_at` beside `id`"):
        Canonical(entity="deal", columns={"id": "deal_id"})
    assert Canonical(entity="deal", columns={"id": "deal_id"}, constants={"stage": "won"}).entity == "deal"
