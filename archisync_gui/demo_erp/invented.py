"""The invented names, places and words that the demo's records are made of."""

from __future__ import annotations

SURNAMES = (
    "Rossi", "Russo", "Ferrari", "Esposito", "Bianchi", "Romano", "Colombo", "Ricci", "Marino", "Greco",
    "Bruno", "Gallo", "Conti", "De Luca", "Mancini", "Costa", "Giordano", "Rizzo", "Lombardi", "Moretti",
    "Barbieri", "Fontana", "Santoro", "Mariani", "Rinaldi", "Caruso", "Ferrara", "Galli", "Martini", "Leone",
    "Longo", "Gentile", "Martinelli", "Vitale", "Lombardo", "Serra", "Coppola", "De Santis", "D'Angelo",
    "Marchetti", "Parisi", "Villa", "Conte", "Ferraro", "Ferri", "Fabbri", "Bianco", "Marini", "Grasso",
    "Valentini", "Messina", "Sala", "De Angelis", "Gatti", "Pellegrini", "Palumbo", "Sanna", "Farina", "Rizzi",
    "Monti", "Cattaneo", "Morelli", "Amato", "Silvestri", "Mazza", "Testa", "Grassi", "Pellegrino", "Carbone",
    "Giuliani", "Benedetti", "Barone", "Rossetti", "Caputo",
)  # fmt: skip
NAMES = (
    "Anna", "Marco", "Lucia", "Paolo", "Giulia", "Andrea", "Elena", "Stefano", "Chiara", "Davide", "Francesca",
    "Luca", "Sara", "Matteo", "Laura", "Giorgio", "Marta", "Roberto", "Silvia", "Antonio", "Valentina",
    "Michele", "Federica", "Simone", "Teresa", "Nicola", "Irene", "Pietro", "Carla", "Fabio",
)  # fmt: skip
FIRMS = (
    "Studio {s}",
    "Studio Dott. {n} {s}",
    "Laboratorio {s} S.r.l.",
    "{s} & {t} S.n.c.",
    "Centro {s} Demo",
    "Ambulatorio {s} e {t}",
    "Officina {s} di {n} {s}",
    "{s} Forniture S.r.l.",
)
STREETS = (
    "Via Roma", "Via Garibaldi", "Via Mazzini", "Corso Italia", "Via Verdi", "Piazza Dante", "Via Cavour",
    "Viale Europa", "Via dell'Invenzione", "Via Demo",
)  # fmt: skip
CITIES = (
    ("Napoli", "80100", "Na"), ("Roma", "00184", "Rm"), ("Milano", "20121", "Mi"), ("Torino", "10121", "To"),
    ("Bari", "70121", "Ba"), ("Salerno", "84121", "Sa"), ("Caserta", "81100", "Ce"), ("Avellino", "83100", "Av"),
    ("Firenze", "50122", "Fi"), ("Bologna", "40121", "Bo"), ("Verona", "37121", "Vr"), ("Forlì", "47121", "Fc"),
    ("L'Aquila", "67100", "Aq"), ("Cantù", "22063", "Co"), ("Potenza", "85100", "Pz"), ("Foggia", "71121", "Fg"),
)  # fmt: skip
GROUPS = (
    "STRUMENTI DEMO", "FRESE DEMO", "DISCHI DEMO", "LUCIDATORI DEMO", "PUNTE DEMO", "LIME DEMO", "KIT DEMO",
    "ACCESSORI DEMO", "SUPPORTI DEMO", "CERAMICHE DEMO",
)  # fmt: skip
THINGS = (
    "Fresa", "Punta", "Disco", "Lima", "Gommino", "Spazzolino", "Mandrino", "Kit", "Inserto", "Lucidatore",
)  # fmt: skip
NOTES = ("", "", "", "", "ordine gennaio", "consegnare al mattino", "urgente", "campioni inclusi", "vedi nota")
PAYMENTS = (
    ("201 BONIF. BANC. 60 GG.DFFM", 60),
    ("101 RIBA 30 GG.DF", 30),
    ("103 RIBA 90 GG.DFFM", 90),
    ("001 RIMESSA DIRETTA", 0),
)
