"""The pages on objectives, hand-off and barometer: sections made of the figures, in the form of the scorecard's own.

Queries are in `agreement_figures.py`, words in `words.py`, layout in page.html.j2.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from orchestration.scorecard import charts
from orchestration.scorecard.figures import Rows
from orchestration.scorecard.parts import Part, Section
from orchestration.scorecard.words import MISSING, Language, channel, number, obligation, percent, reason_code, say, team

Figures = dict[str, Rows]


def _amount(row: dict[str, Any], key: str, language: Language) -> str:
    value = row[key]
    if value is None:
        return MISSING
    if row["unit"] == "rate":
        return percent(value, language)
    text = number(value, language)
    return f"{text} {row['currency']}" if row.get("currency") else text


def _name(row: dict[str, Any], language: Language) -> str:
    return row[f"label_{language}"] or row["objective_id"]


def objectives_page(figures: Figures, language: Language, specs: dict) -> list[Section]:
    """Objectives: where they stand, their curves, what a gap is made of, what a target needs, what a metric means."""
    speak = partial(say, language=language)
    whole = Section(speak("objectives_q"), speak("objectives_s"))
    if not figures["objectives"]:
        whole.empty = speak("no_objectives")
        return [whole, _metrics(figures["metrics"], language)]
    keys = (
        "objective",
        "teams",
        "target",
        "provenance",
        "expected",
        "actual",
        "forecast_range",
        "run_rate",
        "state",
        "guardrail",
    )
    rows = []
    for row in figures["objectives"]:
        show = partial(_amount, row, language=language)
        forecast = MISSING
        if row["forecast"] is not None:
            forecast = show(key="forecast")
            # Of a period that is over there is no doubt left.
            if row["forecast_p10"] != row["forecast_p90"]:
                low, high = (_amount(row | {"currency": None}, key, language) for key in ("forecast_p10", "forecast_p90"))
                forecast = f"{forecast} ({low} – {high})"
        teams = ", ".join(team(name, language) for name in row["owner_teams"].split(", "))
        state = "no_data_state" if row["state"] == "no_data" else row["state"]
        rows.append(
            [
                _name(row, language), teams, show(key="target"), speak(row["target_provenance"]),
                show(key="expected_to_date"), show(key="actual_to_date"), forecast, show(key="required_per_business_day"),
                speak(state), speak(row["guardrail_state"]),
            ]
        )  # fmt: skip
    whole.parts = [Part(head=[speak(key) for key in keys], rows=rows, text=(0, 1, 3, 8, 9))]
    return [whole, _curves(figures["pacing"], language, specs), _gaps(figures["gaps"], language),
            _tree(figures["tree"], language), _unmatched(figures["unmatched"], language),
            _metrics(figures["metrics"], language)]  # fmt: skip


def _curves(rows: Rows, language: Language, specs: dict) -> Section:
    section = Section(say("pacing_q", language))
    for objective in sorted({row["objective_id"] for row in rows if row["actual_to_date"] is not None}):
        own = [row for row in rows if row["objective_id"] == objective]
        points = [
            {"day": row["pacing_date"].isoformat(), "label": say(word, language), "value": float(row[key])}
            for key, word in (("expected_to_date", "expected"), ("actual_to_date", "actual"))
            for row in own
            if row[key] is not None
        ]
        name = f"pacing_{objective.replace('-', '_')}"
        specs[name] = charts.pacing(points, [say("expected", language), say("actual", language)])
        section.parts.append(Part(sentence=_name(own[0], language), chart=name))
    return section


def _gaps(rows: Rows, language: Language) -> Section:
    section = Section(say("gap_q", language), say("gap_s", language))
    parts = ("by_volume", "by_speed", "by_quality", "by_value", "by_ambition")
    cells = [
        [_name(row, language), number(row["gap"], language), *(number(row[f"gap_{part}"], language) for part in parts)]
        for row in rows
    ]
    section.parts = [Part(head=[say(key, language) for key in ("objective", "gap", *parts)], rows=cells)] if cells else []
    return section


def _tree(rows: Rows, language: Language) -> Section:
    section = Section(say("tree_q", language), say("tree_s", language))
    head = [say(key, language) for key in ("objective", "stage", "month", "required", "entered")]
    for objective in sorted({row["objective_id"] for row in rows}):
        own = [row for row in rows if row["objective_id"] == objective]
        cells = [
            [_name(row, language), say("won", language) if row["stage"] == "won" else row["stage"].upper(),
             f"{row['entry_month']:%Y-%m}", number(row["required_entries"], language, 1),
             number(row["actual_entries"], language)]
            for row in own
        ]  # fmt: skip
        section.parts.append(Part(head=head, rows=cells, text=(0, 1, 2), folded=_name(own[0], language)))
    return section


def _unmatched(rows: Rows, language: Language) -> Section:
    section = Section(say("unmatched_q", language))
    keys = ("matched_days", "missing_target", "missing_actual")
    cells = [[row["series"], *(number(row[key], language) for key in keys)] for row in rows]
    section.parts = [Part(head=[say(key, language) for key in ("series", *keys)], rows=cells)] if cells else []
    return section


def _metrics(rows: Rows, language: Language) -> Section:
    section = Section(say("metrics_q", language))
    head = [say(key, language) for key in ("metric", "label", "formula", "unit", "owner", "last_day", "caveats")]
    cells = [
        [row["metric"], row[f"label_{language}"], row["formula"], row["unit"], row["owner_team"],
         row["last_data_on"].isoformat() if row["last_data_on"] else MISSING, row["caveats"] or MISSING]
        for row in rows
    ]  # fmt: skip
    section.parts = [Part(head=head, rows=cells, text=tuple(range(7)), folded=say("metrics_fold", language))]
    return section


def handoff_page(figures: Figures, language: Language, specs: dict) -> list[Section]:
    """The hand-off: how fast and how well sales answers, and whose delay it was."""
    whole = Section(say("handoff_q", language), say("handoff_s", language))
    heard = [_feedback(figures["feedback"], language), _rounds(figures["rounds"], language),
             _reliability(figures["reliability"], language)]  # fmt: skip
    if not figures["speed"]:
        whole.empty = say("no_handoff", language)
        return [whole, *heard]
    points = [
        {"day": row["week_start"].isoformat(), "label": say(word, language), "value": float(row[key])}
        for key, word in (("met", "sla_met"), ("effective", "effective"))
        for row in figures["speed_weeks"]
        if row[key] is not None
    ]
    specs["speed"] = charts.pacing(points, [say("sla_met", language), say("effective", language)], axis="%")
    keys = ("team", "tier", "due", "pending", "sla_met", "effective", "never_worked", "minutes_p50", "system_p50")
    cells = [
        [
            row["team"], row["tier"], number(row["n_due"], language), number(row["n_pending"], language),
            percent(row["n_met"] / row["n_due"] if row["n_due"] else None, language), percent(row["effective"], language),
            percent(row["never_worked"], language), number(row["minutes_p50"], language), number(row["system_p50"], language),
        ]
        for row in figures["speed"]
    ]  # fmt: skip
    whole.parts = [Part(chart="speed"), Part(head=[say(key, language) for key in keys], rows=cells, text=(0, 1))]
    blame = Section(say("liability_q", language), say("liability_s", language))
    rows = [
        [
            obligation(row["obligation_id"], language),
            say(row["liability"], language),
            say(row["fault_reason"], language),
            number(row["n"], language),
        ]
        for row in figures["liability"]
    ]
    head = [say(key, language) for key in ("obligation", "liability", "reason", "journeys")]
    blame.parts = [Part(head=head, rows=rows, text=(0, 1, 2))]
    return [whole, blame, *heard]


def _feedback(rows: Rows, language: Language) -> Section:
    section = Section(say("feedback_q", language), say("feedback_s", language))
    if not rows:
        section.empty = say("no_feedback", language)
        return section
    keys = ("n_sent_back", "n_acknowledged", "n_acknowledged_in_time", "n_changed", "n_declined")
    cells = [[reason_code(row["reason_code"], language), *(number(row[key], language) for key in keys)] for row in rows]
    head = ("reason", "sent_back", "read", "read_in_time", "led_to_change", "led_to_no")
    section.parts = [Part(head=[say(key, language) for key in head], rows=cells)]
    return section


def _rounds(rows: Rows, language: Language) -> Section:
    section = Section(say("rounds_q", language), say("rounds_s", language))
    if not rows:
        section.empty = say("no_rounds", language)
        return section
    head = ("round", "about", "sent_back", "read_on", "answer", "rate_before", "rate_since", "effect", "outcome")
    semicolon, colon = (";", ":") if language == "en" else ("\u00a0;", "\u00a0:")
    cells = []
    for row in rows:
        reasons = ", ".join(reason_code(code, language) for code in row["reasons"].split(", "))
        channels = ", ".join(channel(code, language) for code in row["channels"].split(", ")) if row["channels"] else ""
        answered_on, answer = row["changed_on"] or row["declined_on"], row["change_text"] or row["declined_reason"]
        effect = MISSING
        if row["effect"] is not None:
            points = [number(100 * row[key], language, 1) for key in ("effect", "effect_low", "effect_high")]
            effect = f"{points[0]} ({points[1]} – {points[2]})"
        cells.append(
            [
                row[f"label_{language}"] or row["feedback_id"],
                f"{reasons}{semicolon} {channels or say('all_channels', language)}",
                number(row["n_sent_back"], language), _day(row["acknowledged_on"]),
                f"{_day(answered_on)}{colon} {answer}" if answer else MISSING,
                percent(row["rate_before"], language), percent(row["rate_since"], language), effect,
                say(row["state"], language),
            ]
        )  # fmt: skip
    section.parts = [Part(head=[say(key, language) for key in head], rows=cells, text=(0, 1, 4, 8))]
    return section


def _reliability(rows: Rows, language: Language) -> Section:
    section = Section(say("reliability_q", language), say("reliability_s", language))
    if not rows:
        section.empty = say("no_feedback", language)
        return section
    head = ("quarter", "source", "sent_back", "reps", "reason_given", "other_rate", "agreement_between", "agreement_within",
            "agreement_ratio")  # fmt: skip
    cells = [
        [
            f"{row['quarter_start']:%Y}-{say('q', language)}{(row['quarter_start'].month + 2) // 3}", row["source_system"],
            number(row["n_sent_back"], language), number(row["n_reps"], language), percent(row["reason_given_rate"], language),
            percent(row["other_rate"], language) + (" !" if row["has_too_many_other"] else ""),
            percent(row["agreement_between_reps"], language), percent(row["agreement_within_reps"], language),
            number(row["agreement_ratio"], language, 2),
        ]
        for row in rows
    ]  # fmt: skip
    section.parts = [Part(head=[say(key, language) for key in head], rows=cells, text=(0, 1))]
    return section


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else MISSING


def barometer_page(figures: Figures, language: Language, specs: dict) -> list[Section]:
    """The barometer: declared and measured side by side, never subtracted."""
    section = Section(say("barometer_q", language), say("barometer_s", language))
    head = [say(key, language) for key in ("statement", "base", "declared", "measured", "measured_what", "survey")]
    cells = []
    for row in figures["barometer"]:
        interval = ""
        if row["declared_ci_low"] is not None:
            interval = f" ({percent(row['declared_ci_low'], language, 0)} – {percent(row['declared_ci_high'], language, 0)})"
        figure = row["measured_figure"]
        what = say("cost_per_mql_measured" if figure == "cost_per_mql" else figure or "not_measured", language)
        measured = MISSING
        if row["measured_value"] is not None:
            measured = (
                percent(row["measured_value"], language)
                if row["measured_unit"] == "rate"
                else number(row["measured_value"], language, 1)
            )
        survey = MISSING
        if row["survey_rate"] is not None:
            survey = f"{percent(row['survey_rate'], language)} (n = {row['survey_answers']})"
        declared = percent(row["declared_value"], language) + interval
        cells.append([row[f"wording_{language}"], say(row["declared_base"], language), declared, measured, what, survey])
    section.parts = [Part(head=head, rows=cells, text=(0, 1, 4))]
    return [section]


PAGES: dict[str, Callable[[Figures, Language, dict], list[Section]]] = {
    "objectives": objectives_page,
    "handoff": handoff_page,
    "barometer": barometer_page,
}
