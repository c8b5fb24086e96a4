"""The page: figures, words and charts put together into one self-contained file. No network, no clock.

Queries are in `figures.py`, chart specifications in `charts.py`, text in `words.py`, layout in page.html.j2.
"""

import json
import math
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from orchestration.scorecard import charts
from orchestration.scorecard.agreement_figures import AGREEMENT_QUERIES
from orchestration.scorecard.agreement_pages import PAGES
from orchestration.scorecard.figures import Rows, ask_all, read_figures, read_headlines
from orchestration.scorecard.parts import Part, Section
from orchestration.scorecard.words import MISSING, Language, channel, crm_field, number, percent, say, team

_Z95 = 1.959963984540054


def render(marts: Path, previous: Path | None, target: Path, *, language: Language, notices: Sequence[str] = ()) -> Path:
    """Write the page of a published file.

    Args:
        marts: The published DuckDB file.
        previous: The file published before it, for what changed.
        target: Where the page goes; replaced at once.
        language: Of the page's words and numbers.
        notices: Lines for the head, such as a refused later night.
    """
    figures = read_figures(marts)
    published = figures["published"][0]
    specs: dict[str, dict] = {}
    sections = [
        _funnel(figures, language, specs),
        _channels(figures["channels"], language, specs),
        _forecasts(figures["forecasts"], language),
        _freshness(figures, language, specs),
        _changes(read_headlines(marts), read_headlines(previous) if previous else None, language),
        _trust(figures["trust"], language),
    ]
    late = sorted({row["source_system"] for row in figures["trust"] if row["is_late"]})
    if late:
        notices = [*notices, f"{say('late', language)} {', '.join(late)}."]
    page = partial(_write, published=published, language=language, notices=notices)
    page(target, "index", sections, specs)
    agreed = ask_all(marts, AGREEMENT_QUERIES)
    for name, make in PAGES.items():
        specs = {}
        page(target.with_name(f"{name}.html"), name, make(agreed, language, specs), specs)
    return target


def _write(
    target: Path, name: str, sections: list[Section], specs: dict, *, published: dict[str, Any], language: Language,
    notices: Sequence[str],
) -> None:  # fmt: skip
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
    html = environment.get_template("page.html.j2").render(
        say=partial(say, language=language), language=language, as_of=published["as_of"].isoformat(),
        version=published["version"], notices=notices, sections=sections, charts=_embeddable(specs),
        name=name, pages=["index", *PAGES],
        library=Markup(_library(target.parent)) if specs else "",  # noqa: S704 - the bundled library's own text
    )  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".tmp")
    unfinished.write_text(html, encoding="utf-8")
    unfinished.replace(target)


def _funnel(figures: dict[str, Rows], language: Language, specs: dict) -> Section:
    section = Section(say("funnel_q", language), say("funnel_s", language))
    stages = figures["stages"]
    if not any(row["entries"] for row in stages):
        section.empty = f"{say('no_data', language)} raw/hubspot/contacts, raw/salesforce/lead, …"
        return section
    label = {row["stage"]: row[f"label_{language}"] for row in stages}
    bars = [
        {"label": label[row["stage"]], "entries": int(row["entries"]), "text": number(row["entries"], language)}
        for row in stages
    ]
    specs["funnel"] = charts.funnel(bars, say("entries", language))
    lines = [
        {"month": row["period_month"].isoformat(), "label": label[row["stage"]], "entries": int(row["entries"])}
        for row in figures["months"]
    ]
    specs["months"] = charts.months(lines, say("month", language), say("entries", language), list(label.values()))
    head = [say(key, language) for key in ("transition", "horizon", "journeys", "rate", "interval")] + [""]
    section.parts = [
        Part(chart="funnel"),
        Part(chart="months"),
        Part(
            sentence=say("conversion_s", language), head=head,
            rows=[_conversion(row, label, language) for row in figures["conversions"]], text=(0, 5),
        ),
    ]  # fmt: skip
    return section


def _conversion(row: dict[str, Any], label: dict[str, str], language: Language) -> list[str]:
    entered, converted = int(row["n"] or 0), int(row["k"] or 0)
    interval, rate = MISSING, None
    if entered:
        rate = converted / entered
        low, high = wilson_interval(converted, entered)
        interval = f"{percent(low, language)} – {percent(high, language)}"
    immature = say("immature", language).format(n=row["n_immature"]) if row["n_immature"] else ""
    return [
        f"{label[row['from_stage']]} → {label[row['to_stage']]}", f"{row['horizon_days']} {say('days', language)}",
        number(entered, language), percent(rate, language), interval, immature,
    ]  # fmt: skip


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Wilson score interval at 95 %, in 0-1."""
    share, z2 = successes / trials, _Z95 * _Z95
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def _channels(rows: Rows, language: Language, specs: dict) -> Section:
    section = Section(say("channels_q", language), say("channels_s", language))
    if not rows:
        section.empty = f"{say('no_data', language)} raw/google_ads/campaign_daily, raw/linkedin_ads/campaign_performance, …"
        return section
    for currency in sorted({row["currency"] for row in rows}):
        pairs = [
            {"channel": channel(row["channel"], language), "measure": say(measure, language), "amount": float(row[measure])}
            for row in rows
            for measure in ("spend", "won_amount")
            if row["currency"] == currency and row[measure] is not None
        ]
        if pairs:
            specs[f"channels_{currency}"] = charts.channels(pairs, currency)
            section.parts.append(Part(chart=f"channels_{currency}"))
    whole = ("leads", "mqls", "opportunities", "won")
    money = ("spend", "won_amount", "cost_per_lead", "cost_per_mql", "cost_per_won")
    order = ("channel", "currency", "spend", *whole, "won_amount", "cost_per_lead", "cost_per_mql", "cost_per_won", "roi")
    cells = [
        [
            number(row[key], language) if key in whole
            else number(row[key], language, 2 if key.startswith("cost") else 0) if key in money
            else percent(row[key], language) if key == "roi"
            else channel(row[key], language) if key == "channel"
            else row[key]
            for key in order
        ]
        for row in rows
    ]  # fmt: skip
    section.parts.append(Part(head=[say(key, language) for key in order], rows=cells, text=(0, 1)))
    return section


def _forecasts(rows: Rows, language: Language) -> Section:
    section = Section(say("forecast_q", language), say("forecast_s", language))
    if not rows:
        section.empty = f"{say('no_data', language)} raw/salesforce/opportunity, raw/hubspot/deals, …"
        return section
    head = [
        say(key, language)
        for key in ("period", "method", "currency", "forecast", "likely", "wape", "bias", "coverage", "periods", "remark")
    ]
    cells = [
        [
            f"{row['period_start']:%Y-%m-%d} – {row['period_end']:%Y-%m-%d}", say(row["method"], language),
            row["currency"] or MISSING, number(row["forecast"], language),
            MISSING if row["p10"] is None else f"{number(row['p10'], language)} – {number(row['p90'], language)}",
            *(percent(row[key], language) for key in ("wape", "bias", "interval_coverage")), number(row["n"], language),
            say(row["reason"], language) if row["reason"] else say("best", language) if row["is_best_method"] else "",
        ]
        for row in rows
    ]  # fmt: skip
    section.parts = [Part(head=head, rows=cells, text=(0, 1, 2, 9))]
    return section


def _freshness(figures: dict[str, Rows], language: Language, specs: dict) -> Section:
    section = Section(say("freshness_q", language), say("freshness_s", language))
    rows = figures["freshness"]
    if not rows:
        section.empty = f"{say('no_data', language)} raw/salesforce/lead, raw/hubspot/contacts, …"
        return section
    statuses = list(charts.STATUS_COLOURS)
    labels = {status: say(status, language) for status in statuses}
    rows = [row | {"field": crm_field(row["entity_type"], row["field_name"], language)} for row in rows]
    bars = [
        {"field": row["field"], "label": labels[status], "rank": rank, "count": int(row[status])}
        for row in rows
        for rank, status in enumerate(statuses)
        if row[status]
    ]
    specs["freshness"] = charts.freshness(bars, labels, say("values", language))
    head = [
        say("field", language),
        say("steward", language),
        *labels.values(),
        say("freshness_rate", language),
        say("stake", language),
    ]
    cells = [
        [
            row["field"], team(row["steward_team"], language), *(number(row[status], language) for status in statuses),
            percent(row["freshness_rate"], language), number(row["pipeline_at_stake"], language),
        ]
        for row in rows
    ]  # fmt: skip
    section.parts = [
        Part(chart="freshness"),
        Part(head=head, rows=cells, text=(0, 1)),
        _stewards(figures["stewards"], language),
    ]
    if len({row["night"] for row in figures["stale_by_night"]}) > 1:
        points = [
            {"night": row["night"].isoformat(), "field": crm_field(row["entity_type"], row["field_name"], language),
             "stale_rate": row["stale_rate"]}
            for row in figures["stale_by_night"]
        ]  # fmt: skip
        specs["stale_by_night"] = charts.stale_by_night(points, say("stale", language))
        section.parts.append(Part(sentence=say("stale_by_night_s", language), chart="stale_by_night"))
    if figures["mending"]:
        section.parts.append(_mending(figures["mending"], language))
    blind = [f"{row['field']} ({number(row['not_judgeable'], language)})" for row in rows if row["not_judgeable"]]
    if blind:
        section.parts.insert(0, Part(sentence=say("not_judgeable_s", language).format(fields=", ".join(blind))))
    return section


def _stewards(rows: Rows, language: Language) -> Part:
    head = [say(key, language) for key in ("steward", "required_values", "to_mend", "stale", "freshness_rate")]
    cells = [
        [team(row["steward_team"], language), *(number(row[key], language) for key in ("n_required", "to_mend", "stale")),
         percent(row["freshness_rate"], language)]
        for row in rows
    ]  # fmt: skip
    return Part(sentence=say("stewards_s", language), head=head, rows=cells)


def _mending(rows: Rows, language: Language) -> Part:
    head = [say(key, language) for key in ("field", "went_stale", "waiting", "days_to_mend", "mended_in_30_days")]
    cells = [
        [crm_field(row["entity_type"], row["field_name"], language),
         *(number(row[key], language) for key in ("n_went_stale", "n_waiting", "days_to_mend_p50")),
         percent(row["mended_in_30_days_rate"], language)]
        for row in rows
    ]  # fmt: skip
    return Part(sentence=say("mending_s", language), head=head, rows=cells)


def _changes(now: dict[str, Any], before: dict[str, Any] | None, language: Language) -> Section:
    section = Section(say("changes_q", language))
    if before is None:
        section.sentence = say("first_version", language)
        return section
    rows = []
    for figure in sorted(now.keys() | before.keys(), key=lambda name: (name.startswith("rows "), name)):
        kind, _, rest = figure.partition(" ")
        name = f"{say('rows_of', language)} {rest}" if kind == "rows" else f"{say(kind, language)} {rest}".strip()
        shown = partial(percent, digits=2) if kind == "stale_share" else number
        old, new = before.get(figure), now.get(figure)
        change = None if old is None or new is None else float(new) - float(old)
        rows.append(
            [name, shown(old, language), shown(new, language), ("+" if change and change > 0 else "") + shown(change, language)]
        )
    head = [say(key, language) for key in ("figure", "before", "now", "difference")]
    section.parts = [Part(head=head, rows=rows)]
    return section


def _trust(rows: Rows, language: Language) -> Section:
    section = Section(say("trust_q", language), say("trust_s", language))
    head = [say(key, language) for key in ("mart", "source", "last_data", "is_late", "stale_share", "quarantined")]
    cells = [
        [
            row["mart_name"], row["source_system"], f"{row['last_data_at']:%Y-%m-%d}" if row["last_data_at"] else MISSING,
            say("yes" if row["is_late"] else "no", language), percent(row["stale_share"], language),
            number(row["rows_quarantined"], language),
        ]
        for row in rows
    ]  # fmt: skip
    section.parts = [Part(head=head, rows=cells, text=(0, 1, 2, 3))]
    return section


def _embeddable(specs: dict) -> Markup:
    # Inside a script element only `<` could end it: written as an escape it can't.
    return Markup(json.dumps(specs, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704


def _library(folder: Path) -> str:
    """The Vega bundle; made once per release of the package, because making it takes seconds."""
    kept = folder / f".vega-{vl_convert.__version__}.js"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".tmp")
        unfinished.write_text(_bundle(), encoding="utf-8")
        unfinished.replace(kept)
    return kept.read_text(encoding="utf-8")


@cache
def _bundle() -> str:
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").replace("</script", "<\\/script")
