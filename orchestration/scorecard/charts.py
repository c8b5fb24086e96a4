"""The page's charts as Vega-Lite specifications: plain dicts with their data inside. No queries and no words here."""

from typing import Any

from orchestration.scorecard.figures import Rows

# Okabe-Ito: distinguishable without red-green vision and in print.
_BLUE, _ORANGE, _SKY, _GREEN, _YELLOW, _GREY = "#0072B2", "#D55E00", "#56B4E9", "#009E73", "#E69F00", "#B8B8B8"
STATUS_COLOURS = {
    "fresh": _GREEN, "stale": _ORANGE, "missing": _YELLOW, "invalid": "#7A3B00", "conflict": "#CC79A7",
    "not_judgeable": _GREY,
}  # fmt: skip
_CONFIG = {
    "font": "system-ui, sans-serif",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "grid": True, "gridColor": "#eeeeee", "domain": False},
    "view": {"stroke": None},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "bottom", "labelLimit": 320},
}


def _chart(rows: Rows, **parts: Any) -> dict[str, Any]:
    return {"width": "container", "background": None, "config": _CONFIG, "data": {"values": rows}, **parts}


def funnel(rows: Rows, entries: str) -> dict[str, Any]:
    """Bars of entries per stage, in the funnel's order."""
    order = [row["label"] for row in rows]
    axis = {"field": "label", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 260}}
    bars = {"mark": {"type": "bar", "color": _BLUE, "cornerRadiusEnd": 2}}
    texts = {"mark": {"type": "text", "align": "left", "dx": 4}, "encoding": {"text": {"field": "text", "type": "nominal"}}}
    length = {"field": "entries", "type": "quantitative", "title": entries}
    return _chart(rows, height=190, encoding={"y": axis, "x": length}, layer=[bars, texts])


def months(rows: Rows, month: str, entries: str, stages: list[str]) -> dict[str, Any]:
    """Lines of entries per month and stage."""
    return _chart(
        rows,
        height=220,
        mark={"type": "line", "point": {"size": 18}},
        encoding={
            "x": {"field": "month", "type": "temporal", "title": month, "axis": {"format": "%Y-%m"}},
            "y": {"field": "entries", "type": "quantitative", "title": entries},
            "color": {"field": "label", "type": "nominal", "sort": stages, "title": None,
                      "scale": {"range": [_BLUE, _ORANGE, _GREEN, "#CC79A7", _YELLOW, "#333333"]}},
        },
    )  # fmt: skip


def pacing(rows: Rows, order: list[str], axis: str = "~s") -> dict[str, Any]:
    """Lines over days: the plan in grey, what came in blue."""
    return _chart(
        rows,
        height=180,
        mark={"type": "line"},
        encoding={
            "x": {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%Y-%m-%d", "labelOverlap": True}},
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"format": axis}},
            "color": {"field": "label", "type": "nominal", "sort": order, "title": None,
                      "scale": {"domain": order, "range": [_GREY, _BLUE]}},
        },
    )  # fmt: skip


def channels(rows: Rows, title: str) -> dict[str, Any]:
    """Bars of spend and of won amount per channel, one pair each."""
    return _chart(
        rows,
        height={"step": 14},
        mark={"type": "bar", "cornerRadiusEnd": 2},
        encoding={
            "y": {"field": "channel", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 260}},
            "yOffset": {"field": "measure", "sort": None},
            "x": {"field": "amount", "type": "quantitative", "title": title, "axis": {"format": "~s"}},
            "color": {"field": "measure", "type": "nominal", "sort": None, "title": None, "scale": {"range": [_SKY, _BLUE]}},
        },
    )


def stale_by_night(rows: Rows, title: str) -> dict[str, Any]:
    """Lines of each field's stale share over the nights."""
    return _chart(
        rows,
        height=200,
        mark={"type": "line", "point": {"size": 18}},
        encoding={
            "x": {"field": "night", "type": "temporal", "title": None, "axis": {"format": "%Y-%m-%d", "labelOverlap": True}},
            "y": {"field": "stale_rate", "type": "quantitative", "title": title, "axis": {"format": "%"}},
            "color": {"field": "field", "type": "nominal", "title": None, "scale": {"scheme": "tableau20"}},
        },
    )


def freshness(rows: Rows, labels: dict[str, str], title: str) -> dict[str, Any]:
    """Stacked bars of what is known of each field's values; what can't be judged has a category of its own."""
    names = list(STATUS_COLOURS)
    return _chart(
        rows,
        height={"step": 24},
        mark={"type": "bar"},
        encoding={
            "y": {"field": "field", "type": "nominal", "title": None, "axis": {"labelLimit": 260}},
            "x": {"field": "count", "type": "quantitative", "stack": "normalize", "title": title, "axis": {"format": "%"}},
            "order": {"field": "rank", "type": "quantitative"},
            "color": {"field": "label", "type": "nominal", "title": None,
                      "scale": {"domain": [labels[name] for name in names], "range": list(STATUS_COLOURS.values())}},
        },
    )  # fmt: skip
