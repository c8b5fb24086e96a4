"""The page's words in both languages, and how each language writes numbers. No figures and no layout here."""

from typing import Literal

from orchestration.scorecard.agreement_words import AGREEMENT_WORDS

Language = Literal["en", "fr"]
MISSING = "–"

WORDS: dict[str, dict[str, str]] = {
    "title": {"en": "Marketing and sales, one scorecard", "fr": "Marketing et ventes, un seul tableau"},
    "as_of": {"en": "As of", "fr": "Au"},
    "version": {"en": "version", "fr": "version"},
    "late": {"en": "Late: no recent file from", "fr": "En retard : pas de fichier récent de"},
    "refused": {
        "en": "The later night was refused; this version stays. Because:",
        "fr": "La nuit suivante a été refusée ; cette version reste. Parce que :",
    },
    "no_data": {"en": "No data yet. It comes with:", "fr": "Pas encore de données. Elles viennent avec :"},
    "funnel_q": {"en": "How many get how far?", "fr": "Combien vont jusqu'où ?"},
    "funnel_s": {
        "en": "Entries into each stage since the first record. Entries are not a conversion rate: young leads are in them.",
        "fr": "Entrées dans chaque étape depuis le premier enregistrement. Ce n'est pas un taux : les leads récents y sont.",
    },
    "conversion_s": {
        "en": "Conversion within a fixed horizon, mature cohorts only: every lead in it has had the whole time to convert.",
        "fr": "Conversion à horizon fixe, cohortes mûres seulement : chaque lead a eu tout le temps de convertir.",
    },
    "immature": {"en": "cohorts not mature yet, left out", "fr": "cohortes pas encore mûres, laissées de côté"},
    "channels_q": {"en": "What does each channel bring, and cost?", "fr": "Que rapporte et que coûte chaque canal ?"},
    "channels_s": {
        "en": "All months together, each currency apart. Return on spend counts won amounts only; without spend there is none.",
        "fr": "Tous les mois ensemble, chaque devise à part. Le retour ne compte que le gagné ; sans dépense, il n'y en a pas.",
    },
    "forecast_q": {
        "en": "What will be won, and how far to believe it?",
        "fr": "Que va-t-on gagner, et à quel point y croire ?",
    },
    "forecast_s": {
        "en": "Next three periods of 30 days. Error, bias and coverage: of past forecasts made again with what was known then.",
        "fr": "Trois périodes de 30 jours. Erreur, biais, couverture : prévisions passées refaites avec le savoir d'alors.",
    },
    "freshness_q": {"en": "Can sales trust the CRM?", "fr": "Les ventes peuvent-elles se fier au CRM ?"},
    "freshness_s": {
        "en": "Age of each value, not of its record: since somebody last vouched for it. Without any date it is not judgeable.",
        "fr": "Âge de chaque valeur, pas de sa fiche : depuis que quelqu'un en a répondu. Sans aucune date, non jugeable.",
    },
    "changes_q": {"en": "What changed since the last version?", "fr": "Qu'est-ce qui a changé depuis la dernière version ?"},
    "first_version": {"en": "This is the first version.", "fr": "C'est la première version."},
    "trust_q": {"en": "How far do these figures carry?", "fr": "Jusqu'où ces chiffres portent-ils ?"},
    "trust_s": {
        "en": "Each figure rests on exports: when the newest came, whether one is late, how many of its CRM values are stale.",
        "fr": "Chaque chiffre repose sur des exports : date du dernier, retard éventuel, part de valeurs CRM périmées.",
    },
    "stage": {"en": "Stage", "fr": "Étape"},
    "entries": {"en": "Entries", "fr": "Entrées"},
    "transition": {"en": "From → to", "fr": "De → à"},
    "days": {"en": "days", "fr": "jours"},
    "horizon": {"en": "Horizon", "fr": "Horizon"},
    "rate": {"en": "Rate", "fr": "Taux"},
    "interval": {"en": "95 % interval", "fr": "Intervalle à 95 %"},
    "journeys": {"en": "Journeys", "fr": "Parcours"},
    "month": {"en": "Month", "fr": "Mois"},
    "channel": {"en": "Channel", "fr": "Canal"},
    "currency": {"en": "Currency", "fr": "Devise"},
    "spend": {"en": "Spend", "fr": "Dépense"},
    "leads": {"en": "Leads", "fr": "Leads"},
    "mqls": {"en": "MQLs", "fr": "MQL"},
    "opportunities": {"en": "Opportunities", "fr": "Opportunités"},
    "won": {"en": "Won", "fr": "Gagnés"},
    "won_amount": {"en": "Won amount", "fr": "Montant gagné"},
    "cost_per_lead": {"en": "Cost per lead", "fr": "Coût par lead"},
    "cost_per_mql": {"en": "Cost per MQL", "fr": "Coût par MQL"},
    "cost_per_won": {"en": "Cost per win", "fr": "Coût par vente"},
    "roi": {"en": "Return on spend", "fr": "Retour sur dépense"},
    "period": {"en": "Period", "fr": "Période"},
    "method": {"en": "Method", "fr": "Méthode"},
    "forecast": {"en": "Forecast", "fr": "Prévision"},
    "likely": {"en": "P10 – P90", "fr": "P10 – P90"},
    "wape": {"en": "Error (WAPE)", "fr": "Erreur (WAPE)"},
    "bias": {"en": "Bias (+ too high)", "fr": "Biais (+ trop haut)"},
    "coverage": {"en": "In P10–P90 (80% expected)", "fr": "Dans P10–P90 (80 % attendus)"},
    "periods": {"en": "Periods judged", "fr": "Périodes jugées"},
    "remark": {"en": "Remark", "fr": "Remarque"},
    "best": {"en": "least error so far", "fr": "plus faible erreur jusqu'ici"},
    "same_period_last_year": {"en": "same period last year", "fr": "même période l'an dernier"},
    "stage_weighted": {"en": "open pipeline by stage", "fr": "pipeline ouvert par étape"},
    "survival": {"en": "open and coming pipeline, simulated", "fr": "pipeline ouvert et à venir, simulé"},
    "trailing_mean": {"en": "mean of the last four periods", "fr": "moyenne des quatre dernières périodes"},
    "too_few_closed": {"en": "too few closed opportunities", "fr": "trop peu d'opportunités closes"},
    "less_than_a_year": {"en": "less than a year of history", "fr": "moins d'un an d'historique"},
    "too_few_periods": {"en": "too few periods of history", "fr": "trop peu de périodes d'historique"},
    "several_currencies": {"en": "several currencies without rates", "fr": "plusieurs devises sans taux"},
    "field": {"en": "Field", "fr": "Champ"},
    "steward": {"en": "Kept by", "fr": "Tenu par"},
    "fresh": {"en": "fresh", "fr": "frais"},
    "stale": {"en": "stale", "fr": "périmé"},
    "missing": {"en": "missing", "fr": "manquant"},
    "invalid": {"en": "invalid", "fr": "invalide"},
    "conflict": {"en": "conflict", "fr": "en conflit"},
    "not_judgeable_s": {
        "en": "Not judgeable, because nothing in the exports dates the values: {fields}.",
        "fr": "Non jugeables, faute de toute date dans les exports : {fields}.",
    },
    "not_judgeable": {"en": "not judgeable", "fr": "non jugeable"},
    "freshness_rate": {"en": "Fresh / judged", "fr": "Frais / jugés"},
    "stake": {"en": "Open pipeline at stake", "fr": "Pipeline ouvert en jeu"},
    "values": {"en": "Values", "fr": "Valeurs"},
    "figure": {"en": "Figure", "fr": "Chiffre"},
    "before": {"en": "Before", "fr": "Avant"},
    "now": {"en": "Now", "fr": "Maintenant"},
    "difference": {"en": "Change", "fr": "Écart"},
    "rows_of": {"en": "rows of", "fr": "lignes de"},
    "mart": {"en": "Mart", "fr": "Table"},
    "source": {"en": "Source", "fr": "Source"},
    "last_data": {"en": "Newest extract", "fr": "Dernier export"},
    "is_late": {"en": "Late", "fr": "En retard"},
    "yes": {"en": "yes", "fr": "oui"},
    "no": {"en": "no", "fr": "non"},
    "stale_share": {"en": "Stale CRM values", "fr": "Valeurs CRM périmées"},
    "quarantined": {"en": "Rows set aside", "fr": "Lignes écartées"},
}

WORDS |= AGREEMENT_WORDS


def say(key: str, language: Language) -> str:
    """One piece of text."""
    return WORDS[key][language]


def number(value: float | None, language: Language, digits: int = 0) -> str:
    """A number as the language writes it; a missing one is a dash, never zero."""
    if value is None:
        return MISSING
    text = f"{float(value):,.{digits}f}"
    return text if language == "en" else text.translate(str.maketrans({",": "\u202f", ".": ","}))


def percent(value: float | None, language: Language, digits: int = 1) -> str:
    """A share of 0-1 (or a return) in percent."""
    if value is None:
        return MISSING
    return number(100 * float(value), language, digits) + ("%" if language == "en" else "\u00a0%")
