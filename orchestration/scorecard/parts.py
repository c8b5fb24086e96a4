"""What a page is made of: sections that ask a question, and parts that answer it. No figures and no words here."""

from dataclasses import dataclass, field


@dataclass
class Part:
    """A chart, a table, or both; `folded` hides the table behind these words."""

    sentence: str = ""
    chart: str = ""
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    text: tuple[int, ...] = (0,)
    folded: str = ""


@dataclass
class Section:
    """One question that both teams ask."""

    question: str
    sentence: str = ""
    empty: str = ""
    parts: list[Part] = field(default_factory=list)
