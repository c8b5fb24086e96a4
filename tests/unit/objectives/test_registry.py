"""The registry: what is shipped holds, every broken file is told with line and remedy, nothing crashes the check."""

import json
import os
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.feedback.feedback_file import REASONS
from orchestration.registry.metrics import read_metrics
from orchestration.registry.registry import load_registry, read_registry
from orchestration.registry.schemas import SCHEMAS, schema_of
from orchestration.settings import Settings

SEEDS = Settings().registry_dir
FOLDERS = ("objectives", "sla", "calendars", "feedback")

OBJECTIVE = """\
apiVersion: alignement/v1
kind: Objective
metadata: {name: pipeline-2027, label_fr: "Pipeline", label_en: "Pipeline", version: 2}
spec:
  metric: sqo_amount
  filter: {channel: [email, referral]}
  period: {type: fiscal_quarter, id: 2027Q3}
  target:
    value: 2400000
    unit: EUR
    direction: up
    baseline: 2010000
    floor: 1900000
    stretch: 2900000
    provenance: agreed
    agreed_on: 2027-06-20
  owners:
    - {team: marketing, share: 0.5, accountable: "role:cmo"}
    - {team: sales, share: 0.5, accountable: "role:cro"}
  tree: {op: product, children: [sqo_count, average_sqo_amount]}
  pacing: {type: seasonal, calendar: fr-paris-9-18, curve: {ref: pacing/sqo_amount_3y}}
  guardrails:
    - {metric: sal_rate, min: 0.55}
    - {metric: early_churn_180, max: 0.06}
  review: {cadence: weekly, forum: revops, escalation_after: 2}
  amendments:
    - {version: 2, amended_at: 2027-08-10, reason: "A product was withdrawn", approver: "role:coo", target_before: 2600000,
       target_after: 2400000}
"""
SLA = """\
apiVersion: alignement/v1
kind: SLA
metadata: {name: tier-b, version: 2}
spec:
  provider: sales
  applies_to: {stage: MQL, tier: [B, demo_request]}
  clock: {calendar: fr-paris-9-18, start: mql_at, pause_on: [awaiting_data_fix], reset_on_reassign: false}
  obligations:
    - {id: first_touch, event: human_outbound, within: 4bh, target: 0.90, paired_with: effective_followup, paired_min: 0.75}
    - {id: decision, event: [SAL, REJECTED], within: 2bd, target: 0.95, requires: reason_code}
  exclusions: [handoff_incomplete, over_capacity]
  measure: due_only
"""
OWED_BY_MARKETING = """\
apiVersion: alignement/v1
kind: SLA
metadata: {name: owed-for-b}
spec:
  provider: marketing
  applies_to: {stage: MQL, tier: [B]}
  clock: {calendar: fr-paris-9-18, start: mql_at}
  handoff: {required_fields: [email, phone], target: 0.9}
  capacity: {rep_hours_per_week: 35, meeting_hours_per_week: 8, touch_hours: 0.25, dig_hours: 1.5, dig_share: 0.4}
  commitments:
    - {metric: sal_rate, min: 0.55}
"""
CALENDAR = """\
apiVersion: alignement/v1
kind: Calendar
metadata: {name: alsace}
spec:
  timezone: Europe/Paris
  holidays: {country: FR, subdivision: "57"}
  hours:
    monday: ["09:00-12:30", "13:30-18:00"]
  closures:
    - {from: 2026-12-24, to: 2026-12-31, reason: year end}
  worked_holidays: [2026-05-25]
"""
FEEDBACK = """\
apiVersion: alignement/v1
kind: Feedback
metadata: {name: forms}
spec:
  about: {reasons: [bad_data, duplicate], channels: [email], from: 2026-01-01, to: 2026-03-31}
  acknowledged: {day: 2026-04-02, by: "role:cmo"}
  change: {day: 2026-04-10, kind: form, what: "The form checks the number", by: "role:cmo"}
"""
GOOD = {
    "objectives/pipeline-2027.yml": OBJECTIVE,
    "sla/tier-b.yml": SLA,
    "sla/owed-for-b.yml": OWED_BY_MARKETING,
    "calendars/alsace.yml": CALENDAR,
    "feedback/forms.yml": FEEDBACK,
}
AIM, SALES, MARKETING, HOURS, SAID = GOOD

# What is wrong → (file, text to replace, its replacement, line that is told, words of problem and remedy).
BROKEN = {
    "unknown metric": (AIM, "metric: sqo_amount", "metric: sqo_amout", 5, ["no metric", "write `sqo_amount`"]),
    "metric without definition": (AIM, "metric: sqo_amount", "metric: happiness", 5, ["no metric", "define it"]),
    "estimated metric": (AIM, "metric: sqo_amount", "metric: stage_time_p50", 5, ["not counted day by day", "simple or ratio"]),
    "derived metric": (AIM, "metric: sqo_amount", "metric: channel_roi", 5, ["not counted day by day"]),
    "dimension of no metric": (AIM, "channel: [email", "weather: [email", 6, ["filter", "'channel' or 'source_system'"]),
    "dimension that the metric lacks": (AIM, "channel: [email", "source_system: [email",
        6, ["not known by source_system", "channel"]),
    "empty filter": (AIM, "[email, referral]", "[]", 6, ["at least 1", "write dimension"]),
    "unit of another kind": (AIM, "unit: EUR", "unit: count", 10, ["is in money", "currency"]),
    "no unit": (AIM, "unit: EUR", "unit: euros", 10, ["pattern", "ISO currency"]),
    "shares below one": (AIM, "marketing, share: 0.5", "marketing, share: 0.4", 17, ["add up to 0.9", "add up to 1"]),
    "shares above one": (AIM, "marketing, share: 0.5", "marketing, share: 0.6", 17, ["add up to 1.1"]),
    "share that is no share": (AIM, "marketing, share: 0.5", "marketing, share: 50", 18, ["less than or equal to 1", "0.5"]),
    "one team of a shared objective": (AIM, "team: marketing", "team: sales", 17, ["twice", "one line"]),
    "owner without role": (AIM, '"role:cmo"', '"the CMO"', 18, ["pattern", "role:cmo"]),
    "target is the baseline": (AIM, "baseline: 2010000", "baseline: 2400000", 9, ["is the baseline", "set a target"]),
    "target below baseline": (AIM, "baseline: 2010000", "baseline: 2500000", 9, ["below the baseline", "mend"]),
    "floor above target": (AIM, "floor: 1900000", "floor: 2500000", 13, ["not below the target", "take it out"]),
    "stretch below target": (AIM, "stretch: 2900000", "stretch: 2300000", 14, ["not above the target"]),
    "direction against the metric": (
        AIM, "direction: up\n    baseline: 2010000\n    floor: 1900000\n    stretch: 2900000",
        "direction: down\n    baseline: 3010000", 11, ["better up", "direction: up"]),
    "parts of a cent": (AIM, "value: 2400000", "value: 2400000.001", 9, ["parts of a cent", "two decimals"]),
    "a number in words": (AIM, "value: 2400000", "value: '2 400 000'", 9, ["no number", "without thousands"]),
    "infinite target": (AIM, "value: 2400000", "value: .inf", 9, ["", "number"]),
    "not a number": (AIM, "value: 2400000", "value: .nan", 9, ["", "number"]),
    "period that does not exist": (AIM, "2027Q3", "2027Q5", 7, ["no quarter", "2026Q3"]),
    "month for a quarter": (AIM, "2027Q3", "2027-07", 7, ["no quarter", "2026Q3"]),
    "unknown kind of period": (AIM, "fiscal_quarter", "fortnight", 7, ["", "write 'month'"]),
    "no guardrail": (AIM, "    - {metric: sal_rate, min: 0.55}\n    - {metric: early_churn_180, max: 0.06}\n", "    []\n", 22,
        ["at least 1", "at least one"]),
    "guardrail made of the metric": (AIM, "metric: sal_rate, min: 0.55", "metric: average_sqo_amount, min: 5", 23, ["made of"]),
    "volume without quality": (
        AIM, "    - {metric: sal_rate, min: 0.55}\n    - {metric: early_churn_180, max: 0.06}\n",
        "    - {metric: mql_count, min: 5}\n", 22, ["without a guardrail of quality", "sal_rate"]),
    "guardrail without bound": (AIM, "sal_rate, min: 0.55", "sal_rate", 23, ["no bound", "add min"]),
    "guardrail bound above one": (AIM, "min: 0.55", "min: 55", 23, ["no share", "between 0 and 1"]),
    "unknown guardrail": (AIM, "metric: sal_rate", "metric: sal_rat", 23, ["no metric", "write `sal_rate`"]),
    "guardrail twice": (AIM, "metric: early_churn_180, max: 0.06", "metric: sal_rate, min: 0.6", 24, ["twice"]),
    "unknown part of the tree": (AIM, "[sqo_count,", "[sqo_cnt,", 20, ["no metric", "write `sqo_count`"]),
    "metric as its own part": (AIM, "[sqo_count,", "[sqo_amount,", 20, ["part of itself"]),
    "unknown calendar": (AIM, "fr-paris-9-18", "fr-paris", 21, ["no calendar", "write one of"]),
    "curve of another metric": (AIM, "pacing/sqo_amount_3y", "pacing/mql_count_3y", 21, ["not the objective's metric"]),
    "curve without season": (AIM, "type: seasonal", "type: linear", 21, ["learns no curve", "type: seasonal"]),
    "version without amendment": (AIM, "version: 2}\nspec", "version: 3}\nspec", 3, ["amendments", "reason and approver"]),
    "target changed without amendment": (AIM, "value: 2400000", "value: 2450000", 9, ["last amendment says", "approver"]),
    "amendment without reason": (AIM, 'reason: "A product was withdrawn", ', "", 27, ["missing", "add `reason`"]),
    "amendment without approver": (AIM, 'approver: "role:coo", ', "", 27, ["missing", "add `approver`"]),
    "amendment before the agreement": (AIM, "amended_at: 2027-08-10", "amended_at: 2027-05-10",
        27, ["before the target was agreed"]),
    "agreed after it began": (AIM, "agreed_on: 2027-06-20", "agreed_on: 2027-07-20", 16, ["after the period began"]),
    "agreed without a day": (AIM, "    agreed_on: 2027-06-20\n", "", 8, ["no day", "placeholder"]),
    "a day that is none": (AIM, "agreed_on: 2027-06-20", "agreed_on: 20 June", 16, ["no calendar day", "year-month-day"]),
    "unknown key": (AIM, "  review:", "  reviews:", 25, ["unknown key", "write `review`"]),
    "missing owners": (AIM, "owners:", "owner:", 17, ["unknown key", "write `owners`"]),
    "no label": (AIM, 'label_fr: "Pipeline", ', "", 3, ["label is missing", "add label_fr"]),
    "name of another file": (AIM, "name: pipeline-2027", "name: pipeline-2028", 3, ["file is called", "pipeline-2028.yml"]),
    "name with spaces": (AIM, "name: pipeline-2027", "name: Pipeline 2027", 3, ["pattern", "lower-case"]),
    "another version of the form": (AIM, "alignement/v1", "alignement/v9", 1, ["", "alignement/v1"]),
    "another kind": (AIM, "kind: Objective", "kind: Goal", 2, ["", "Objective"]),
    "key twice": (AIM, "    unit: EUR\n", "    unit: EUR\n    unit: EUR\n", 11, ["already in line 10", "keep one"]),
    "not YAML": (AIM, "owners:", "owners: [", 18, ["not YAML", "mend the line"]),
    "a list": (AIM, OBJECTIVE, "- one\n- two\n", 1, ["not a mapping", "apiVersion"]),
    "empty file": (AIM, OBJECTIVE, "", 1, ["empty", "apiVersion"]),
    "nested without end": (AIM, OBJECTIVE, "a: " + "[" * 5000, 1, ["", ""]),
    "sla: term in hours of the clock": (SALES, "within: 4bh", "within: 4h", 9, ["no term", "4bh"]),
    "sla: endless term": (SALES, "within: 2bd", "within: 900bd", 10, ["no term"]),
    "sla: speed without quality": (SALES, ", paired_with: effective_followup, paired_min: 0.75", "",
        9, ["speed alone", "effective_followup"]),
    "sla: half a pair": (SALES, ", paired_min: 0.75", "", 9, ["paired_min is missing"]),
    "sla: clock that starts anew": (SALES, "reset_on_reassign: false", "reset_on_reassign: true", 7, ["", "False"]),
    "sla: unknown event": (SALES, "event: human_outbound", "event: any_email", 9, ["", "human_outbound"]),
    "sla: unknown pause": (SALES, "awaiting_data_fix]", "lunch]", 7, ["", "awaiting_data_fix"]),
    "sla: target above one": (SALES, "target: 0.90", "target: 90", 9, ["less than or equal to 1", "0.9"]),
    "sla: id twice": (SALES, "id: decision", "id: first_touch", 10, ["twice", "id of its own"]),
    "sla: nothing owed": (SALES, SLA[SLA.index("  obligations"):SLA.index("  exclusions")], "",
        4, ["sales owes nothing", "add an obligation"]),
    "sla: all counted": (SALES, "measure: due_only", "measure: everything", 12, ["", "due_only"]),
    "sla: reason of a touch": (SALES, "within: 4bh, target: 0.90", "within: 4bh, target: 0.90, requires: reason_code",
        9, ["only a rejection"]),
    "sla: unknown calendar": (SALES, "fr-paris-9-18", "mars-9-18", 7, ["no calendar"]),
    "sla: tier twice": (SALES, "tier: [B, demo_request]", "tier: ['*']", 6, ["pattern", "list of tiers"]),
    "sla: marketing owes events": (MARKETING, "provider: marketing", "provider: sales", 5, ["owed by marketing"]),
    "sla: unknown field": (MARKETING, "[email, phone]", "[email, fax]", 8, ["", "'phone'"]),
    "sla: meetings all week": (MARKETING, "meeting_hours_per_week: 8", "meeting_hours_per_week: 40", 9, ["no hour"]),
    "sla: more than a rep can take": (MARKETING, "dig_share: 0.4", "dig_share: 0.4, min_per_rep_week: 99",
        9, ["more than a rep can take"]),
    "sla: unknown commitment": (MARKETING, "metric: sal_rate", "metric: sal_speed", 11, ["no metric"]),
    "sla: commitment without bound": (MARKETING, "sal_rate, min: 0.55", "sal_rate", 11, ["no bound"]),
    "calendar: unknown zone": (HOURS, "timezone: Europe/Paris", "timezone: Europe/Pari", 5, ["no time zone", "Europe/Paris"]),
    "calendar: zone outside the zones": (HOURS, "timezone: Europe/Paris", "timezone: ../../etc/passwd", 5, ["no time zone"]),
    "calendar: unknown country": (HOURS, "country: FR", "country: XX", 6, ["no holidays are known", "ISO 3166"]),
    "calendar: unknown part": (HOURS, '"57"', '"75"', 6, ["no part of FR", "971"]),
    "calendar: part that is a number": (HOURS, '"57"', "57", 6, ["string", "in quotes"]),
    "calendar: unknown weekday": (HOURS, "monday:", "lundi:", 8, ["", "monday"]),
    "calendar: closes before it opens": (HOURS, "09:00-12:30", "12:30-09:00", 8, ["closes before it opens", "opening-closing"]),
    "calendar: spans overlap": (HOURS, "13:30-18:00", "12:00-18:00", 8, ["overlap", "once"]),
    "calendar: hour that is none": (HOURS, "13:30-18:00", "13:30-25:00", 8, ["no span", "opening-closing"]),
    "calendar: no hours": (HOURS, '["09:00-12:30", "13:30-18:00"]', "[]", 7, ["no day has working hours"]),
    "calendar: closure backwards": (HOURS, "to: 2026-12-31", "to: 2026-12-01", 10, ["before", "last day"]),
    "calendar: endless closure": (HOURS, "to: 2026-12-31", "to: 2036-12-31", 10, ["longer than a year"]),
    "calendar: closure without reason": (HOURS, ", reason: year end", "", 10, ["missing", "add `reason`"]),
    "calendar: day that is none": (HOURS, "from: 2026-12-24", "from: 20261224", 10, ["no calendar day", "2026-12-24"]),
    "calendar: day that can't be": (HOURS, "from: 2026-12-24", "from: 2026-13-24", 10, ["can't be", "mend"]),
    "calendar: worked day that is no holiday": (HOURS, "[2026-05-25]", "[2026-05-26]",
        11, ["no public holiday", "take it out"]),
    "feedback: unknown reason": (SAID, "[bad_data,", "[bad_mood,", 5, ["", "bad_data"]),
    "feedback: unknown channel": (SAID, "channels: [email]", "channels: [emial]", 5, ["no channel", "email"]),
    "feedback: reason twice": (SAID, "bad_data, duplicate", "bad_data, bad_data", 5, ["twice", "keep one"]),
    "feedback: days backwards": (SAID, "to: 2026-03-31", "to: 2025-03-31", 5, ["before", "last day"]),
    "feedback: changed and never read": (SAID, '  acknowledged: {day: 2026-04-02, by: "role:cmo"}\n', "",
        6, ["never acknowledged", "add acknowledged"]),
    "feedback: changed before it was read": (SAID, "day: 2026-04-10", "day: 2026-04-01", 7, ["before it was acknowledged"]),
    "feedback: read before it was said": (SAID, "day: 2026-04-02", "day: 2025-04-02", 6, ["before the first lead"]),
    "feedback: changed and declined": (SAID, "  change:",
        '  declined: {day: 2026-04-10, reason: "We think otherwise", by: "role:cmo"}\n  change:', 7, ["at once", "keep one"]),
    "feedback: a change in two words": (SAID, "The form checks the number", "a form", 7, ["at least 10", "sentence"]),
    "feedback: a person instead of a role": (SAID, 'what: "The form checks the number", by: "role:cmo"',
        'what: "The form checks the number", by: "A. Person"', 7, ["pattern", "role:cmo"]),
    "a number of 5000 digits": (AIM, "value: 2400000", "value: " + "9" * 5000, 9, ["can't be", "mend"]),
    "more digits than money has": (AIM, "value: 2400000", "value: 9999999999999999999", 9, ["18 digits", "number"]),
    "less than nothing": (AIM, "value: 2400000", "value: -2400000", 9, ["below nothing", "from 0 on"]),
    "share in quotes": (AIM, "marketing, share: 0.5", "marketing, share: '0.5'", 18, ["valid number", "0.5"]),
    "share that is a yes": (AIM, "marketing, share: 0.5", "marketing, share: true", 18, ["valid number", "0.5"]),
    "one team under two spellings": (AIM, "team: sales", "team: 'marketing '", 19, ["pattern", "lower case"]),
    "digits of another script": (AIM, "id: 2027Q3", "id: '２０２７Q3'", 7, ["no quarter", "2026Q3"]),
    "a line's end in a period": (AIM, "id: 2027Q3", 'id: "2027Q3\\n"', 7, ["no quarter", "2026Q3"]),
    "a part twice": (AIM, "[sqo_count, average_sqo_amount]", "[sqo_count, sqo_count]", 20, ["twice", "keep one"]),
    "a set for a list": (AIM, "[sqo_count, average_sqo_amount]", "!!set {sqo_count, average_sqo_amount}",
        20, ["list", "two to"]),
    "channel that is none": (AIM, "[email, referral]", "[email, carrier_pigeon]", 6, ["no channel", "email"]),
    "channel twice": (AIM, "[email, referral]", "[email, email]", 6, ["twice", "keep one"]),
    "amendment that changes nothing": (AIM, "target_before: 2600000", "target_before: 2400000", 28, ["nothing", "take it out"]),
    "amendments out of order": (AIM, "  amendments:\n", """\
  amendments:
    - {version: 3, amended_at: 2027-09-10, reason: "Another was withdrawn", approver: "role:coo", target_before: 2700000,
       target_after: 2600000}
""", 29, ["before the amendment above", "order them"]),
    "amended at an hour": (AIM, "amended_at: 2027-08-10", "amended_at: 2027-08-10 10:00:00", 27, ["no calendar day"]),
    "tab": (AIM, "  metric:", "\tmetric:", 5, ["not YAML", "mend the line"]),
    "two documents in a file": (AIM, "kind: Objective", "kind: Objective\n---\nkind: Objective", 3, ["another document"]),
    "object of a program": (AIM, "metric: sqo_amount", 'metric: !!python/object/apply:os.system ["id"]', 5, ["not YAML"]),
    "key that is no text": (AIM, "  review:", "  1: 2\n  review:", 25, ["strings", "guardrails"]),
    "key that is a list": (AIM, "  review:", "  [a]: 2\n  review:", 25, ["unhashable", "mend the line"]),
    "aliases that multiply": (AIM, OBJECTIVE, "a: &a [1, 1]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)), 1, ["unknown key"]),
    "alias of itself": (AIM, "  review:", "  review: &a [*a]\n  reviews:", 25, ["", ""]),
    "control characters": (AIM, "label_en: \"Pipeline\"", "label_en: \"Pipe\x00line\"", 3, ["not allowed", "take"]),
    "larger than a document is": (AIM, OBJECTIVE, OBJECTIVE + "#" * 300_000, 1, ["larger than", "one short document"]),
    "sla: a line's end in a term": (SALES, "within: 2bd", 'within: "2bd\\n"', 10, ["no term", "2bd"]),
    "sla: share that is a yes": (SALES, "target: 0.90", "target: true", 9, ["valid number", "0.9"]),
    "sla: the same tier twice": (SALES, "[B, demo_request]", "[B, B]", 6, ["twice", "keep one"]),
    "sla: the same event twice": (SALES, "[SAL, REJECTED]", "[SAL, SAL, REJECTED]", 10, ["twice", "keep one"]),
    "sla: the same exclusion twice": (SALES, "[handoff_incomplete, over_capacity]", "[over_capacity, over_capacity]",
        11, ["twice", "keep one"]),
    "sla: the same field twice": (MARKETING, "[email, phone]", "[email, email]", 8, ["twice", "keep one"]),
    "sla: commitment that is no share": (MARKETING, "min: 0.55", "min: 55", 11, ["no share", "between 0 and 1"]),
    "sla: the same commitment twice": (MARKETING, "    - {metric: sal_rate, min: 0.55}\n",
        "    - {metric: sal_rate, min: 0.55}\n    - {metric: sal_rate, min: 0.6}\n", 12, ["twice", "keep one"]),
    "calendar: hours over midnight": (HOURS, "09:00-12:30", "22:00-06:00", 8, ["closes before it opens", "opening-closing"]),
    "calendar: an hour that YAML reads as a number": (HOURS, '"09:00-12:30"', "9:30", 8, ["valid string", "quotes"]),
    "calendar: Norway without quotes": (HOURS, "country: FR", "country: NO", 6, ["valid string", "ISO 3166"]),
    "calendar: closure in quotes": (HOURS, "from: 2026-12-24", "from: '2026-12-24'", 10, ["valid date", "2026-12-24"]),
    "calendar: a worked holiday twice": (HOURS, "[2026-05-25]", "[2026-05-25, 2026-05-25]", 11, ["twice", "keep one"]),
    "feedback: a channel twice": (SAID, "channels: [email]", "channels: [email, email]", 5, ["twice", "keep one"]),
    "feedback: a change of no kind": (SAID, "kind: form", "kind: poem", 7, ["scoring_rule"]),
    "feedback: another word for on": (SAID, "{day: 2026-04-02", "{on: 2026-04-02", 6, ["write {day, by}"]),
}  # fmt: skip


def registry_in(folder: Path, changed: dict[str, str]) -> Settings:
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(SEEDS / "calendars/fr-paris-9-18.yml", folder / "calendars")
    for name, text in (GOOD | changed).items():
        (folder / name).write_text(text, encoding="utf-8")
    return Settings(registry_dir=folder)


def test_what_is_shipped_has_no_fault():
    registry, faults = read_registry(Settings())
    assert faults == []
    assert len(registry.objectives) >= 4
    assert {sla.spec.provider for sla in registry.slas} == {"sales", "marketing"}


def test_the_good_files_have_no_fault(tmp_path):
    assert read_registry(registry_in(tmp_path, {}))[1] == []


def test_the_catalogue_is_long_enough():
    assert len(BROKEN) >= 40
    assert {file.split("/")[0] for file, *_ in BROKEN.values()} == set(FOLDERS)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_refused_with_file_line_and_remedy(what, tmp_path):
    file, before, after, line, words = BROKEN[what]
    assert before in GOOD[file]
    _, faults = read_registry(registry_in(tmp_path, {file: GOOD[file].replace(before, after, 1)}))
    told = [fault for fault in faults if fault.path == tmp_path / file]
    assert told, faults
    fault = next((fault for fault in told if fault.line == line and all(word in str(fault) for word in words)), None)
    assert fault, [str(fault) for fault in told]
    assert fault.remedy.strip()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (lambda path: os.mkfifo(path), "no regular file"),
        (lambda path: path.mkdir(), "no regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "no regular file"),
        (lambda path: path.symlink_to(path), "symbolic links"),
        (lambda path: path.symlink_to("/nowhere"), "No such file"),
        (lambda path: path.write_bytes(OBJECTIVE.encode("utf-16")), "not UTF-8"),
        (lambda path: path.write_bytes(OBJECTIVE.replace("Pipeline", "Qualifié").encode("latin-1")), "not UTF-8"),
        (lambda path: path.write_bytes(bytes(range(256))), "not UTF-8"),
    ],
    ids=["pipe", "folder", "endless device", "circle", "dangling link", "utf-16", "latin-1", "binary"],
)
def test_what_is_no_readable_file_is_told_and_neither_hangs_nor_fills_the_memory(tmp_path, place, words):
    settings = registry_in(tmp_path, {})
    place(tmp_path / "objectives" / "odd.yml")
    _, faults = read_registry(settings)
    assert [(fault.path.name, fault.line, words in fault.problem, bool(fault.remedy)) for fault in faults] == [
        ("odd.yml", 1, True, True)
    ]


def test_a_file_is_read_whatever_the_case_of_its_ending(tmp_path):
    settings = registry_in(tmp_path, {"objectives/LOUD.YML": "kind: Objective\n"})
    assert "LOUD.YML" in {fault.path.name for fault in read_registry(settings)[1]}


def test_two_active_objectives_on_one_aim_overlap_and_a_cancelled_one_does_not(tmp_path):
    twin = OBJECTIVE.replace("pipeline-2027", "twin").replace("[email, referral]", "[referral, email]")
    _, faults = read_registry(registry_in(tmp_path, {"objectives/twin.yml": twin}))
    assert [(fault.path.name, fault.line) for fault in faults] == [("twin.yml", 5)]
    cancelled = twin.replace("  period:", "  status: cancelled\n  period:")
    assert read_registry(registry_in(tmp_path, {"objectives/twin.yml": cancelled}))[1] == []


def test_two_rounds_of_feedback_about_one_lead_are_refused(tmp_path):
    twin = FEEDBACK.replace("name: forms", "name: twin").replace("channels: [email], ", "").replace("2026-01-01", "2026-03-31")
    _, faults = read_registry(registry_in(tmp_path, {"feedback/twin.yml": twin}))
    assert [(fault.path.name, fault.line) for fault in faults] == [("twin.yml", 5)]
    other = twin.replace("[bad_data, duplicate]", "[no_need]")
    assert read_registry(registry_in(tmp_path, {"feedback/twin.yml": other}))[1] == []


def test_a_metric_that_matures_after_the_period_needs_cohort_lagged_pacing(tmp_path):
    slow = OBJECTIVE.replace("metric: sqo_amount\n  filter: {channel: [email, referral]}", "metric: grr")
    changes = {
        "unit: EUR": "unit: rate", "2400000": "0.9", "2600000": "0.95", "2010000": "0.8", "1900000": "0.7", "2900000": "0.97",
        ", curve: {ref: pacing/sqo_amount_3y}": "", "early_churn_180, max: 0.06": "sla_met, min: 0.5",
        "  tree: {op: product, children: [sqo_count, average_sqo_amount]}\n": "",
    }  # fmt: skip
    for old, new in changes.items():
        slow = slow.replace(old, new)
    _, faults = read_registry(registry_in(tmp_path, {AIM: slow}))
    assert ["takes 365 days to mature" in fault.problem for fault in faults] == [True], faults
    assert read_registry(registry_in(tmp_path, {AIM: slow.replace("type: seasonal", "type: cohort_lagged")}))[1] == []


def test_a_night_refuses_a_broken_registry_before_anything_runs(tmp_path):
    from orchestration.ops.run import run_night

    settings = registry_in(tmp_path, {AIM: OBJECTIVE.replace("share: 0.5", "share: 0.4", 1)})
    result = run_night(settings.model_copy(update={"home": tmp_path / "home"}))
    assert result.exit_code == 4
    assert "pipeline-2027.yml: line 17" in result.message


def test_the_command_tells_faults_and_exits_with_one(tmp_path, monkeypatch):
    runner = CliRunner()
    assert runner.invoke(app, ["objectives", "check"]).exit_code == 0
    registry_in(tmp_path, {SALES: SLA.replace("4bh", "4h")})
    monkeypatch.setenv("TANDEM_REGISTRY_DIR", str(tmp_path))
    told = runner.invoke(app, ["objectives", "check"])
    assert told.exit_code == 1
    assert "tier-b.yml: line 9" in told.stdout
    as_json = json.loads(runner.invoke(app, ["objectives", "check", "--json"]).stdout)
    assert [fault["line"] for fault in as_json["faults"]] == [9]


def test_an_empty_registry_is_no_fault(tmp_path):
    registry = load_registry(Settings(registry_dir=tmp_path))
    assert (registry.objectives, registry.slas, dict(registry.calendars)) == ((), (), {})


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(GOOD)),
    st.integers(0, 2_000),
    st.integers(0, 40),
    st.text(st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from(["[", "{", ": ", "&a *a", "!!python/name:os.system", "\x00"]),
)
def test_no_mutation_of_a_file_crashes_the_check(tmp_path_factory, file, place, removed, added):
    folder = tmp_path_factory.mktemp("mutated")
    text = GOOD[file]
    place %= len(text)
    settings = registry_in(folder, {file: text[:place] + added + text[place + removed :]})
    _, faults = read_registry(settings)
    assert all(fault.line >= 1 and fault.remedy for fault in faults)


def test_every_metric_that_objectives_are_counted_on_has_both_labels_unit_and_owner():
    metrics = read_metrics(Settings().dbt_project_dir / "models")
    for metric in metrics.values():
        assert all([metric.label_en, metric.label_fr, metric.unit, metric.owner_team]), metric.name


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_the_json_schema_is_the_models_and_accepts_what_is_shipped(path):
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept == schema_of(path), "run: python -m orchestration.registry.schemas"
    folder = {"objective.schema": "objectives", "sla.schema": "sla", "calendar.schema": "calendars",
              "feedback.schema": "feedback"}[path.stem]  # fmt: skip
    shipped = sorted((SEEDS / folder).glob("*.yml"))
    assert shipped
    for file in shipped:
        # As an editor reads it: JSON has no days.
        document = json.loads(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), default=str))
        jsonschema.validate(document, kept)


def test_feedback_knows_the_reasons_of_the_taxonomy_and_no_others():
    seeds = yaml.safe_load((Settings().seeds_dir / "_seeds.yml").read_text())["seeds"]
    columns = next(seed["columns"] for seed in seeds if seed["name"] == "reason_codes")
    (test,) = [test for column in columns for test in column.get("data_tests", []) if isinstance(test, dict)]
    assert set(test["accepted_values"]["arguments"]["values"]) == set(REASONS)
