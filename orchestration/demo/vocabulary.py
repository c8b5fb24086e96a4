"""Words of the demo: French names, companies, towns, job titles, industries, task subjects.

Lists only. People and companies are invented; phone numbers use the ranges that Arcep keeps for fiction.
"""

import unicodedata

FIRST_NAMES = (
    "Adèle", "Adrien", "Agathe", "Alexandre", "Alice", "Amélie", "Anaïs", "Antoine", "Arthur", "Aurélie", "Baptiste",
    "Bastien", "Benoît", "Bruno", "Camille", "Cécile", "Céline", "Charlotte", "Chloé", "Claire", "Clément", "Damien",
    "David", "Delphine", "Denis", "Élise", "Élodie", "Émilie", "Emma", "Éric", "Étienne", "Fabien", "Fanny",
    "Florence", "Florian", "François", "Frédéric", "Gaëlle", "Guillaume", "Hélène", "Hugo", "Inès", "Isabelle",
    "Jérôme", "Joël", "Julie", "Julien", "Karim", "Laetitia", "Laura", "Laurent", "Léa", "Loïc", "Louise", "Lucas",
    "Ludovic", "Manon", "Marc", "Margaux", "Marie", "Mathieu", "Mehdi", "Mélanie", "Nathalie", "Nicolas", "Noémie",
    "Olivier", "Pascal", "Patricia", "Pauline", "Philippe", "Pierre", "Quentin", "Raphaël", "Romain", "Sabrina",
    "Samuel", "Sandrine", "Sarah", "Sébastien", "Solène", "Sophie", "Stéphane", "Sylvie", "Thomas", "Valérie",
    "Vincent", "Virginie", "Yann", "Zoé",
)  # fmt: skip

LAST_NAMES = (
    "Adam", "André", "Arnaud", "Aubert", "Bailly", "Barbier", "Baron", "Benard", "Benoist", "Berger", "Bernard",
    "Bertin", "Bertrand", "Besson", "Blanc", "Blanchard", "Bonnet", "Boucher", "Bourgeois", "Boyer", "Breton",
    "Brunet", "Carpentier", "Caron", "Chevalier", "Colin", "Collet", "Cordier", "Da Silva", "Daniel", "Delattre",
    "Deschamps", "Dubois", "Dufour", "Dumas", "Dumont", "Dupont", "Dupuis", "Durand", "Duval", "Faure", "Fernandez",
    "Fleury", "Fontaine", "Fournier", "Gaillard", "Garcia", "Garnier", "Gauthier", "Gérard", "Germain", "Giraud",
    "Girard", "Gonzalez", "Guérin", "Guillot", "Henry", "Hubert", "Humbert", "Jacquet", "Joly", "Lacroix", "Lambert",
    "Laporte", "Le Gall", "Le Goff", "Lebrun", "Leclerc", "Leclercq", "Lecomte", "Lefebvre", "Lefèvre", "Legrand",
    "Lemaire", "Lemoine", "Leroux", "Leroy", "Lopez", "L'Hermitte", "Maillard", "Marchand", "Marie", "Martin",
    "Martinez", "Masson", "Menard", "Mercier", "Meunier", "Meyer", "Michel", "Millet", "Moreau", "Morel", "Morin",
    "Moulin", "Muller", "N'Diaye", "Nguyen", "Noël", "Olivier", "Paris", "Perez", "Perrin", "Petit", "Philippe",
    "Picard", "Pons", "Poulain", "Prévost", "Renard", "Renaud", "Rey", "Richard", "Rivière", "Robert", "Robin",
    "Roche", "Roger", "Rolland", "Roussel", "Roux", "Roy", "Sanchez", "Schmitt", "Simon", "Thomas", "Vasseur",
    "Vidal", "Vincent", "Weber",
)  # fmt: skip

# A quotation mark and a semicolon stand in the names on purpose: exports must quote them.
COMPANY_ROOTS = (
    "Abélia", "Alcyon", "Altéo", "Ambrosia", "Arcadie", "Argos", "Astrée", "Aurore", "Belledonne", "Boréal", "Brévent",
    "Calliope", "Cassis", "Célestin", "Chantereine", "Cigale", "Clairval", "Corail", "Delta", "Diapason", "Éclair",
    "Écume", "Édelis", "Équinoxe", "Estérel", "Fontbelle", "Galibier", "Garance", "Girondin", "Hélios", "Herminie",
    "Horizon", "Iris", "Isère", "Jonquille", "Kerguelen", "Lérins", "Lunaire", "Lys", "Maison \"Clair\"", "Mélèze",
    "Mercantour", "Mistral", "Navarre", "Nova", "Océane", "Olympe", "Orée", "Parangon", "Pégase", "Pilat", "Quartz",
    "Rivage", "Rochebrune", "Saphir", "Sirius", "Tramontane", "Valmont", "Vercors", "Zénith",
)  # fmt: skip

# Names of which one begins like the other: whoever matches by the beginning takes two companies for one.
LOOKALIKE_ROOTS = (
    ("Sap", "Sapience"), ("Var", "Varenne"), ("Bel", "Belcour"), ("Cor", "Coralis"), ("Alp", "Alpage"),
    ("Mont", "Montclar"), ("Lor", "Loriot"), ("Val", "Valérian"),
)  # fmt: skip

COMPANY_ACTIVITIES = (
    "Agro", "Assurances", "Audit; Conseil", "Bâtiment", "Chimie", "Conseil", "Distribution", "Électronique",
    "Énergie", "Équipement", "Formation", "Immobilier", "Industrie", "Ingénierie", "Logistique", "Médical",
    "Mécanique", "Mobilier", "Numérique", "Plastiques", "Services", "Textile", "Transports", "Voyages",
)  # fmt: skip

TOWNS = (
    "Amiens", "Angers", "Annecy", "Avignon", "Besançon", "Bordeaux", "Brest", "Caen", "Clermont-Ferrand", "Dijon",
    "Grenoble", "Le Havre", "Le Mans", "Lille", "Limoges", "Lyon", "Marseille", "Metz", "Montpellier", "Mulhouse",
    "Nancy", "Nantes", "Nice", "Nîmes", "Orléans", "Paris", "Reims", "Rennes", "Rouen", "Saint-Étienne",
    "Strasbourg", "Toulon", "Toulouse", "Tours", "Valence", "Villeurbanne",
)  # fmt: skip

JOB_TITLES = (
    "Directeur commercial", "Responsable marketing", "Directrice générale", "DSI", "Responsable informatique",
    "Directeur financier", "Contrôleuse de gestion", "Responsable achats", "Chef de projet", "Directrice des ventes",
    "Gérant", "Responsable SI, RH et paie", "Office manager", "Responsable logistique", "Directeur de site",
    "Acheteuse", "Consultant", "Chargée de communication", "Responsable qualité", "Directrice marketing",
)  # fmt: skip

# Salesforce shows the pick list in English, HubSpot in French.
INDUSTRIES = (
    ("Agriculture", "Agriculture"), ("Banking", "Banque"), ("Chemicals", "Produits chimiques"),
    ("Construction", "Construction"), ("Consulting", "Conseil en management"), ("Education", "Enseignement"),
    ("Electronics", "Électronique"), ("Energy", "Énergie"), ("Engineering", "Ingénierie"),
    ("Healthcare", "Santé"), ("Hospitality", "Hôtellerie"), ("Insurance", "Assurances"),
    ("Manufacturing", "Industrie manufacturière"), ("Retail", "Commerce de détail"),
    ("Technology", "Logiciels informatiques"), ("Transportation", "Transport et logistique"),
)  # fmt: skip

FREE_MAIL_DOMAINS = ("gmail.example", "orange.example", "free.example", "wanadoo.example", "laposte.example")
DOTLESS_MAIL_DOMAIN = 1  # the position of the one whose provider ignores dots, counted from 1
SHARED_MAILBOXES = ("contact", "info", "commercial")
FICTION_PHONE_RANGES = ("6 39 98", "1 99 00", "2 61 91", "3 53 01", "4 65 71", "5 36 49")

CALL_DISPOSITIONS = ("Connected", "Left Voicemail", "No Answer")
LEAD_TASK_SUBJECTS = ("Appel de découverte", "E-mail de prise de contact", "Rendez-vous de qualification")
OPPORTUNITY_TASK_SUBJECTS = ("Point d'avancement", "Envoi de la proposition", "Démonstration")
AUTOMATED_SUBJECT = "Séquence automatique : bienvenue"
ONBOARDING_SUBJECT = "Lancement client"

PLANS = ("Essentiel", "Pro", "Entreprise")


def plain_letters(word: str) -> str:
    """Keep the lower-case letters a-z only, as an address is spelt."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")
