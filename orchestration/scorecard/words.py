"""The pages' words in both languages, and how each language writes numbers. No figures and no layout here.

What a worklist says of a field is in `quality/worklist_words.py`; the pages call fields as it does.
"""

from orchestration.quality.worklist_words import FIELDS, KINDS, Language, Words
from orchestration.quality.worklist_words import say as word_of

MISSING = "–"

WORDS: Words = {
    "title": {"en": "Marketing and sales, one scorecard", "fr": "Marketing et ventes, un seul tableau de bord"},
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
    "immature": {
        "en": "cohorts not mature yet, left out: {n}",
        "fr": "cohortes pas encore mûres, laissées de côté\u00a0: {n}",
    },
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
    "stewards_s": {
        "en": "What each team has to keep, all its fields together.",
        "fr": "Ce que chaque équipe tient, tous ses champs ensemble.",
    },
    "required_values": {"en": "Required values", "fr": "Valeurs requises"},
    "to_mend": {"en": "To mend", "fr": "À corriger"},
    "stale_by_night_s": {
        "en": "Share of required values that are stale, as each night found it.",
        "fr": "Part des valeurs requises qui sont périmées, telle que chaque nuit l'a trouvée.",
    },
    "mending_s": {
        "en": "How long a stale value waits until somebody vouches for it again; a year back, those still waiting counted.",
        "fr": "Combien de temps une valeur périmée attend que quelqu'un en réponde ; sur un an, attentes en cours comptées.",
    },
    "went_stale": {"en": "Went stale", "fr": "Devenues périmées"},
    "waiting": {"en": "Still waiting", "fr": "Attendent encore"},
    "days_to_mend": {"en": "Days until half were mended", "fr": "Jours jusqu'à la moitié corrigées"},
    "mended_in_30_days": {"en": "Mended within 30 days", "fr": "Corrigées en 30 jours"},
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
    "page_index": {"en": "Scorecard", "fr": "Tableau de bord"},
    "page_objectives": {"en": "Objectives", "fr": "Objectifs"},
    "page_handoff": {"en": "Hand-off", "fr": "Passage de relais"},
    "page_barometer": {"en": "Barometer", "fr": "Baromètre"},
    "objectives_q": {"en": "Do we reach what we signed?", "fr": "Atteignons-nous ce que nous avons signé ?"},
    "objectives_s": {
        "en": "One metric, two teams, one guardrail. A target that nobody agreed on says so.",
        "fr": "Un indicateur, deux équipes, un garde-fou. Une cible que personne n'a convenue le dit.",
    },
    "no_objectives": {
        "en": "No objective yet. Write one in seeds/objectives and run: tandem objectives check",
        "fr": "Pas encore d'objectif. Écrivez-en un dans seeds/objectives, puis : tandem objectives check",
    },
    "pacing_q": {"en": "Where do we stand against the plan?", "fr": "Où en sommes-nous par rapport au plan ?"},
    "gap_q": {"en": "What is the gap made of?", "fr": "De quoi l'écart est-il fait ?"},
    "gap_s": {
        "en": "Against what is expected by now; the parts add up to the gap. Ambition: more is asked than before.",
        "fr": "Par rapport à l'attendu à ce jour ; les parts font l'écart. Ambition : on demande plus qu'avant.",
    },
    "tree_q": {
        "en": "How many MQLs does a signature target need, and when?",
        "fr": "Combien de MQL pour ces signatures, et quand ?",
    },
    "tree_s": {
        "en": "Solved backwards with the time that journeys take: entries needed per month of entry, beside those there were.",
        "fr": "Calculé à rebours avec la durée des parcours : entrées requises par mois, à côté de celles qu'il y a eu.",
    },
    "metrics_q": {"en": "What does each metric mean?", "fr": "Que veut dire chaque indicateur ?"},
    "metrics_fold": {
        "en": "All metrics: formula, owner, unit, last data",
        "fr": "Tous les indicateurs : formule, responsable, unité",
    },
    "unmatched_q": {"en": "What was not planned, and what was planned and did not come?",
                    "fr": "Qu'est-ce qui n'était pas prévu, et qu'est-ce qui était prévu et n'est pas venu ?"},
    "objective": {"en": "Objective", "fr": "Objectif"},
    "teams": {"en": "Teams", "fr": "Équipes"},
    "target": {"en": "Target", "fr": "Cible"},
    "provenance": {"en": "Target is", "fr": "La cible est"},
    "expected": {"en": "Expected by now", "fr": "Attendu à ce jour"},
    "actual": {"en": "Actual", "fr": "Réel"},
    "forecast_range": {"en": "Forecast (P10 – P90)", "fr": "Prévision (P10 – P90)"},
    "run_rate": {"en": "Needed per working day", "fr": "Requis par jour ouvré"},
    "state": {"en": "State", "fr": "État"},
    "guardrail": {"en": "Guardrails", "fr": "Garde-fous"},
    "pacing": {"en": "Spread", "fr": "Répartition"},
    "on_track": {"en": "on track", "fr": "dans les temps"},
    "at_risk": {"en": "at risk", "fr": "à risque"},
    "off_track": {"en": "off track", "fr": "hors d'atteinte"},
    "planned": {"en": "planned", "fr": "prévu"},
    "no_data_state": {"en": "no data", "fr": "sans données"},
    "draft": {"en": "draft", "fr": "brouillon"},
    "cancelled": {"en": "cancelled", "fr": "annulé"},
    "met": {"en": "met", "fr": "respectés"},
    "breached": {"en": "breached", "fr": "enfreints"},
    "unknown": {"en": "unknown", "fr": "inconnus"},
    "agreed": {"en": "agreed", "fr": "convenue"},
    "inherited": {"en": "inherited", "fr": "héritée"},
    "placeholder": {"en": "a placeholder", "fr": "provisoire"},
    "gap": {"en": "Gap", "fr": "Écart"},
    "by_volume": {"en": "Volume", "fr": "Volume"},
    "by_speed": {"en": "Speed", "fr": "Vitesse"},
    "by_quality": {"en": "Quality", "fr": "Qualité"},
    "by_value": {"en": "Value", "fr": "Valeur"},
    "by_ambition": {"en": "Ambition", "fr": "Ambition"},
    "required": {"en": "Needed", "fr": "Requis"},
    "entered": {"en": "Entered", "fr": "Entrés"},
    "series": {"en": "Series", "fr": "Série"},
    "matched_days": {"en": "Days with both", "fr": "Jours avec les deux"},
    "missing_target": {"en": "Days without target", "fr": "Jours sans cible"},
    "missing_actual": {"en": "Days without actual", "fr": "Jours sans réel"},
    "metric": {"en": "Metric", "fr": "Indicateur"},
    "label": {"en": "What it is", "fr": "Ce que c'est"},
    "formula": {"en": "Formula", "fr": "Formule"},
    "unit": {"en": "Unit", "fr": "Unité"},
    "owner": {"en": "Owner", "fr": "Responsable"},
    "last_day": {"en": "Last data", "fr": "Dernière donnée"},
    "caveats": {"en": "Can be gamed by", "fr": "Peut être faussé par"},
    "handoff_q": {
        "en": "Does sales answer what marketing hands over?",
        "fr": "Les ventes répondent-elles à ce que le marketing transmet ?",
    },
    "handoff_s": {
        "en": "In business time, on what is due only. A touch is not a conversation: speed stands beside follow-up, "
              "which of the last weeks is still under way.",
        "fr": "En temps ouvré, sur ce qui est dû seulement. Un contact n'est pas un échange : la vitesse va avec le suivi, "
              "encore en cours pour les dernières semaines.",
    },
    "liability_q": {"en": "Whose delay was it?", "fr": "À qui était le retard ?"},
    "liability_s": {
        "en": "Each miss has one reason. A lead that the sync held back, or that came incomplete, is no rep's fault.",
        "fr": "Chaque manque a un motif. Un lead retenu par la synchro, ou incomplet, n'est la faute d'aucun vendeur.",
    },
    "no_handoff": {
        "en": "No agreement applies yet. Write one in seeds/sla.",
        "fr": "Aucun accord ne s'applique. Écrivez-en un dans seeds/sla.",
    },
    "team": {"en": "Team", "fr": "Équipe"},
    "tier": {"en": "Tier", "fr": "Niveau"},
    "due": {"en": "Due", "fr": "Dus"},
    "pending": {"en": "Pending", "fr": "En attente"},
    "sla_met": {"en": "In time", "fr": "À temps"},
    "never_worked": {"en": "Never worked", "fr": "Jamais travaillés"},
    "effective": {"en": "Followed up in earnest", "fr": "Suivi effectif"},
    "minutes_p50": {"en": "Median answer, business minutes", "fr": "Réponse médiane, minutes ouvrées"},
    "system_p50": {"en": "of which the system", "fr": "dont le système"},
    "obligation": {"en": "Owed", "fr": "Dû"},
    "liability": {"en": "Answers for it", "fr": "En répond"},
    "reason": {"en": "Reason", "fr": "Motif"},
    "sales_fault": {"en": "sales", "fr": "ventes"},
    "marketing_fault": {"en": "marketing", "fr": "marketing"},
    "system_fault": {"en": "the system", "fr": "le système"},
    "handoff_incomplete": {"en": "fields missing at the hand-off", "fr": "champs manquants au passage de relais"},
    "over_capacity": {"en": "more than a rep can take", "fr": "plus qu'un vendeur ne peut prendre"},
    "hollow_touch": {"en": "a touch without a conversation", "fr": "un contact sans conversation"},
    "late_routing": {"en": "came late into the sales tool", "fr": "arrivé tard dans l'outil des ventes"},
    "no_answer": {"en": "no answer", "fr": "sans réponse"},
    "slow_answer": {"en": "answered late", "fr": "répondu tard"},
    "barometer_q": {
        "en": "What companies declare, what we measure",
        "fr": "Ce que les entreprises déclarent, ce que nous mesurons",
    },
    "barometer_s": {
        "en": "Declared: share of about 103 decision makers, 2026 (95 % interval). Measured: our own figure over 365 days. "
              "They are different kinds of knowledge; no difference is taken.",
        "fr": "Déclaré : part d'environ 103 décideurs, 2026 (intervalle à 95 %). Mesuré : notre chiffre sur 365 jours. "
              "Ce sont deux savoirs différents ; aucun écart n'est calculé.",
    },
    "statement": {"en": "Statement", "fr": "Énoncé"},
    "base": {"en": "Asked", "fr": "Interrogés"},
    "declared": {"en": "Declared", "fr": "Déclaré"},
    "measured": {"en": "Measured", "fr": "Mesuré"},
    "measured_what": {"en": "What is measured", "fr": "Ce qui est mesuré"},
    "survey": {"en": "Declared here", "fr": "Déclaré chez nous"},
    "all": {"en": "all", "fr": "tous"},
    "aligned": {"en": "the aligned", "fr": "les alignés"},
    "sales": {"en": "sales", "fr": "ventes"},
    "shared_objective_coverage": {"en": "active objectives with two teams", "fr": "objectifs actifs à deux équipes"},
    "sal_rate": {"en": "accepted / decided by sales", "fr": "acceptés / décidés par les ventes"},
    "cost_per_mql_measured": {"en": "spend per MQL", "fr": "dépense par MQL"},
    "crm_freshness": {"en": "fresh / judged CRM values", "fr": "valeurs CRM fraîches / jugées"},
    "grr": {"en": "gross revenue retention at twelve months", "fr": "rétention brute du revenu à douze mois"},
    "attempts_per_sqo": {
        "en": "human activities per qualified opportunity",
        "fr": "activités humaines par opportunité qualifiée",
    },
    "mqls_per_rep_week": {"en": "MQLs per rep and week", "fr": "MQL par vendeur et semaine"},
    "reason_share": {"en": "ends with a reason that says something", "fr": "fins avec un motif parlant"},
    "direct_share": {"en": "inquiries by direct and organic search", "fr": "demandes directes et par recherche organique"},
    "not_measured": {"en": "not measured here", "fr": "non mesuré ici"},
    "feedback_q": {
        "en": "What does sales send back, and is it heard?",
        "fr": "Que renvoient les ventes, et sont-elles entendues ?",
    },
    "feedback_s": {
        "en": "Leads rejected, disqualified or recycled in twelve months, by reason. Read: marketing said that it had.",
        "fr": "Leads refusés, disqualifiés ou recyclés sur douze mois, par motif. Lu : le marketing l'a confirmé.",
    },
    "no_feedback": {
        "en": "Nothing was sent back in the last twelve months.",
        "fr": "Rien n'a été renvoyé ces douze derniers mois.",
    },
    "sent_back": {"en": "Sent back", "fr": "Renvoyés"},
    "read": {"en": "Read", "fr": "Lus"},
    "read_in_time": {"en": "within 14 days", "fr": "en 14 jours"},
    "led_to_change": {"en": "Led to a change", "fr": "Suivis d'un changement"},
    "led_to_no": {"en": "Declined", "fr": "Déclinés"},
    "rounds_q": {"en": "What did marketing change, and did it help?", "fr": "Qu'a changé le marketing, et avec quel effet ?"},
    "rounds_s": {
        "en": "Share of MQLs sent back for these reasons within 30 days: of the 90 days before the change and of those since. "
              "The effect has a 95 % interval; an interval that holds 0 shows no difference.",
        "fr": "Part des MQL renvoyés pour ces motifs en 30 jours : ceux des 90 jours avant le changement et ceux d'après. "
              "L'effet a un intervalle à 95 % ; un intervalle qui contient 0 ne montre pas de différence.",
    },
    "no_rounds": {
        "en": "No answer from marketing yet. Write one in seeds/feedback.",
        "fr": "Pas encore de réponse du marketing. Écrivez-en une dans seeds/feedback.",
    },
    "round": {"en": "Feedback", "fr": "Retour"},
    "about": {"en": "About", "fr": "Sujet"},
    "all_channels": {"en": "all channels", "fr": "tous les canaux"},
    "read_on": {"en": "Read on", "fr": "Lu le"},
    "answer": {"en": "Answer", "fr": "Réponse"},
    "rate_before": {"en": "Before", "fr": "Avant"},
    "rate_since": {"en": "Since", "fr": "Depuis"},
    "effect": {"en": "Effect, points (95 %)", "fr": "Effet, points (95 %)"},
    "outcome": {"en": "Outcome", "fr": "Bilan"},
    "open": {"en": "not read yet", "fr": "pas encore lu"},
    "acknowledged": {"en": "read, not answered yet", "fr": "lu, sans réponse encore"},
    "declined": {"en": "declined", "fr": "décliné"},
    "too_early": {"en": "too early to tell", "fr": "trop tôt pour le dire"},
    "fewer": {"en": "fewer sent back", "fr": "moins de renvois"},
    "more": {"en": "more sent back", "fr": "plus de renvois"},
    "no_difference": {"en": "no difference shown", "fr": "aucune différence établie"},
    "reliability_q": {"en": "Can the reasons be relied on?", "fr": "Peut-on se fier aux motifs ?"},
    "reliability_s": {
        "en": "Two leads of one channel and end: how often do two reps give one reason, beside one rep alone? "
              "Near 1 they use the list alike. More than a tenth of OTHER: the list does not fit. Of teams, never of one rep.",
        "fr": "Deux leads d'un même canal et d'une même fin : deux vendeurs donnent-ils le même motif, comparé à un seul ? "
              "Près de 1, la liste sert pareil à tous. Plus d'un dixième d'AUTRE : la liste ne convient pas. "
              "Par équipe, jamais par vendeur.",
    },
    "q": {"en": "Q", "fr": "T"},
    "quarter": {"en": "Quarter", "fr": "Trimestre"},
    "reps": {"en": "Reps", "fr": "Vendeurs"},
    "reason_given": {"en": "With a reason", "fr": "Avec motif"},
    "other_rate": {"en": "of these OTHER", "fr": "dont AUTRE"},
    "agreement_between": {"en": "Two reps agree", "fr": "Accord entre vendeurs"},
    "agreement_within": {"en": "The same rep agrees", "fr": "Accord d'un même vendeur"},
    "agreement_ratio": {"en": "Ratio", "fr": "Rapport"},
}  # fmt: skip
REASON_CODES: Words = {
    "bad_data": {"en": "wrong contact data", "fr": "coordonnées fausses"},
    "duplicate": {"en": "duplicate", "fr": "doublon"},
    "not_icp": {"en": "not our kind of company", "fr": "entreprise hors cible"},
    "wrong_persona": {"en": "wrong person", "fr": "mauvais interlocuteur"},
    "no_need": {"en": "no need", "fr": "pas de besoin"},
    "no_budget": {"en": "no budget", "fr": "pas de budget"},
    "no_timing": {"en": "too early", "fr": "pas le bon moment"},
    "competitor": {"en": "chose a competitor", "fr": "parti chez un concurrent"},
    "existing_customer_or_opportunity": {"en": "already a customer or in a deal", "fr": "déjà client ou en affaire"},
    "student_or_partner": {"en": "student or partner", "fr": "étudiant ou partenaire"},
    "unreachable": {"en": "could not be reached", "fr": "injoignable"},
    "no_capacity": {"en": "no time in sales", "fr": "pas de disponibilité aux ventes"},
    "junk": {"en": "junk", "fr": "indésirable"},
    "sla_expired": {"en": "the term ran out", "fr": "délai échu"},
    "other": {"en": "other", "fr": "autre"},
    "not_said": {"en": "no reason given", "fr": "sans motif"},
}
CHANNELS: Words = {
    "content_syndication": {"en": "content syndication", "fr": "syndication de contenu"},
    "direct_traffic": {"en": "direct traffic", "fr": "accès direct"},
    "display": {"en": "display", "fr": "display"},
    "email": {"en": "e-mail", "fr": "e-mail"},
    "event": {"en": "event", "fr": "événement"},
    "offline": {"en": "offline", "fr": "hors ligne"},
    "organic_search": {"en": "organic search", "fr": "recherche naturelle"},
    "other": {"en": "other", "fr": "autre"},
    "paid_display": {"en": "paid display", "fr": "display payant"},
    "paid_search": {"en": "paid search", "fr": "recherche payante"},
    "paid_social": {"en": "paid social", "fr": "réseaux sociaux payants"},
    "partner": {"en": "partner", "fr": "partenaire"},
    "referral": {"en": "referral", "fr": "recommandation"},
    "remarketing": {"en": "remarketing", "fr": "reciblage"},
    "social": {"en": "social", "fr": "réseaux sociaux"},
    "unknown": {"en": "unknown", "fr": "inconnu"},
    "webinar": {"en": "webinar", "fr": "webinaire"},
}
OBLIGATIONS: Words = {
    "first_touch": {"en": "first touch", "fr": "premier contact"},
    "decision": {"en": "decision", "fr": "décision"},
}
TEAMS: Words = {
    "marketing": {"en": "marketing", "fr": "marketing"},
    "sales": {"en": "sales", "fr": "ventes"},
    "sales_ops": {"en": "sales operations", "fr": "support des ventes"},
}


def say(key: str, language: Language) -> str:
    """One piece of text."""
    return WORDS[key][language]


def channel(code: str, language: Language) -> str:
    """A channel's name; one that a company added is called as it calls it."""
    return word_of(CHANNELS, code, language)


def reason_code(code: str, language: Language) -> str:
    """Why a lead was sent back."""
    return word_of(REASON_CODES, code, language)


def obligation(code: str, language: Language) -> str:
    """What is owed under an agreement; the agreement may name others."""
    return word_of(OBLIGATIONS, code, language)


def team(code: str, language: Language) -> str:
    """A team's name."""
    return word_of(TEAMS, code, language)


def crm_field(entity: str, field: str, language: Language) -> str:
    """A CRM's field with the kind of record it stands on, as worklists call both."""
    colon = ":" if language == "en" else "\u00a0:"
    return f"{word_of(KINDS, entity, language)}{colon} {word_of(FIELDS, field, language)}"


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
