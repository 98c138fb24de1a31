"""The German of every log line and of every error's sentence, by its English.

The placeholders are the same in both, in the same order. Errors and the entries of the security
log are looked up by what they say, so every place where something is quoted is ``%s`` there.
"""

from __future__ import annotations

from collections.abc import Mapping

LINES: Mapping[str, str] = {
    "%s cannot be read: %s": "%s lässt sich nicht lesen: %s",
    "%s is damaged; what it held is found out anew": (
        "%s ist beschädigt; was darin stand, wird neu herausgefunden"
    ),
    "%s: the ledger is opened again: %s": ("%s: exchange.db wird neu geöffnet: %s"),
    "%s: a message that could not be taken in": ("%s: eine Nachricht ließ sich nicht aufnehmen"),
    "History put aside as %s, building it anew: %s": (
        "Verlauf beiseitegelegt als %s, wird neu aufgebaut: %s"
    ),
    # The gateway and its service
    "%s failed; it starts again, everything else goes on": (
        "%s ausgefallen; startet neu, alles andere läuft weiter"
    ),
    "%s failed; it starts again: %s": "%s ausgefallen; startet neu: %s",
    "%s did not stop in time": "%s hat nicht rechtzeitig geendet",
    "%s makes no progress; the watchdog is not fed": (
        "%s kommt nicht voran; der Watchdog wird nicht bedient"
    ),
    "The command reload cannot reach this gateway: %s": (
        "Der Befehl reload erreicht dieses Gateway nicht: %s"
    ),
    "%s connected": "%s verbunden",
    "%s: %d lines not shown": "%s: %d Zeilen nicht gezeigt",
    "a question could not be answered": "eine Frage ließ sich nicht beantworten",
    # Journal and history
    "Journal lost, going on with a new one, job state %s, what is left is in %s: %s": (
        "Journal verloren, weiter mit einem neuen, Stand der Aufträge %s, der Rest liegt in %s: %s"
    ),
    "Some values will be delivered twice after this: %s": (
        "Danach werden einige Werte doppelt geliefert: %s"
    ),
    "Journal cannot be written, live data goes on, trying again: %s": (
        "Journal lässt sich nicht schreiben, aktuelle Werte laufen weiter, neuer Versuch folgt: %s"
    ),
    "Journal closed while it could not be written: %s": (
        "Journal geschlossen, während es sich nicht schreiben ließ: %s"
    ),
    "Journal is written again": "Journal wird wieder geschrieben",
    "Retention could not run: %s": "Altes konnte nicht gelöscht werden: %s",
    "History waits and tries again: %s": "Verlauf wartet und versucht es wieder: %s",
    "History cannot be written, trying again: %s": (
        "Verlauf lässt sich nicht schreiben, neuer Versuch folgt: %s"
    ),
    "History cannot be pruned now: %s": "Verlauf lässt sich jetzt nicht kürzen: %s",
    # Pages
    "the certificate of the pages is new: fingerprint %s": (
        "das Zertifikat der Seiten ist neu: Fingerabdruck %s"
    ),
    "the certificate of the pages cannot be renewed: %s": (
        "das Zertifikat der Seiten lässt sich nicht erneuern: %s"
    ),
    "the network knows no name for the pages: %s": (
        "das Netz kennt die Seiten unter keinem Namen: %s"
    ),
    "no connection can be taken now: %s": "gerade kann keine Verbindung angenommen werden: %s",
    "the assistant failed; everything else goes on": (
        "der Assistent ist ausgefallen; alles andere läuft weiter"
    ),
    # OPC UA
    "cannot read a request of type %s: %r": "Anfrage der Art %s ist nicht lesbar: %r",
    "OPC UA: no room for one more connection of %s": (
        "OPC UA: kein Platz für eine weitere Verbindung von %s"
    ),
    "%s is no certificate: %s": "%s ist kein Zertifikat: %s",
    "OPC UA client %r is unknown; to let it in, move %s to %s": (
        "OPC-UA-Client %r ist unbekannt; um ihn zuzulassen, verschieben Sie %s nach %s"
    ),
    "OPC UA: wrong user or password for %r": "OPC UA: Benutzer oder Passwort falsch bei %r",
    "OPC UA: user %r is locked for %.0f s for the client with the certificate %s, "
    "after %d wrong passwords; other clients are not affected": (
        "OPC UA: Benutzer %r ist für %.0f s gesperrt, für den Client mit dem Zertifikat %s, "
        "nach %d falschen Passwörtern; andere Clients sind nicht betroffen"
    ),
    # Pages
    "Accounts damaged, put aside as %s; set the gateway up anew.": (
        "Konten beschädigt, beiseitegelegt als %s; bitte richten Sie das Gateway neu ein."
    ),
    "Sessions last only until the next start: %s": (
        "Anmeldungen gelten nur bis zum nächsten Start: %s"
    ),
    "the gateway is stopping; not in the security log: %s": (
        "das Gateway endet gerade; nicht im Sicherheitsprotokoll: %s"
    ),
    "the security log cannot be written (%s): %s": (
        "das Sicherheitsprotokoll lässt sich nicht schreiben (%s): %s"
    ),
    # Exchange
    "%s: the exchange is shut: %s": "%s: der Austausch ist geschlossen: %s",
    "%s: the exchange is shut: %s (%s)": "%s: der Austausch ist geschlossen: %s (%s)",
    "The witness %s cannot be written: %s": ("Die Gegenprobe in %s lässt sich nicht schreiben: %s"),
    "%s: connected to %s": "%s: verbunden mit %s",
    "%s: what follows from the order was refused: %s": (
        "%s: was aus dem Auftrag folgt, wurde abgelehnt: %s"
    ),
    # The stage of the demo
    "%s is away: %s": "%s ist nicht da: %s",
    "the scenario waits: %s": "der Ablauf wartet: %s",
    "%s: nothing is confirmed yet: %s": "%s: noch nichts bestätigt: %s",
}
"""Log lines, by the format in which the call has them."""

SENTENCES: Mapping[str, str] = {
    "it has ended meanwhile": "es wurde inzwischen beendet",
    "%s has no place in this text: please write it by hand": (
        "%s hat in diesem Text keinen Platz: bitte von Hand eintragen"
    ),
    "%s is damaged: it lacks %s": ("%s ist beschädigt: Es fehlt %s"),
    "%s: %s cannot be used (%s): it must be a readable PEM file": (
        "%s: %s ist nicht benutzbar (%s): Es muss eine lesbare PEM-Datei sein"
    ),
    "not sent": ("nicht gesendet"),
    "%s cannot be erased: %s": "%s lässt sich nicht löschen: %s",
    "nobody can listen on %s": "auf %s kann niemand hören",
    "the serial port is not plugged in": "die serielle Schnittstelle ist nicht eingesteckt",
    "%s cannot be made: %s": "%s lässt sich nicht anlegen: %s",
    "a simulated serial port needs a pseudo-terminal: %s": (
        "eine simulierte serielle Schnittstelle braucht ein Pseudo-Terminal: %s"
    ),
    "a report on lots that the package does not have": (
        "ein Bericht über Lose, die das Paket nicht hat"
    ),
    "a report of level %s lacks %s": ("einem Bericht der Stufe %s fehlt %s"),
    "an offer of a package that the order does not have": (
        "ein Angebot eines Pakets, das der Auftrag nicht hat"
    ),
    "a readiness for a package that the order does not have": (
        "eine Bereitschaft für ein Paket, das der Auftrag nicht hat"
    ),
    "a readiness for an order that is not known here yet": (
        "eine Bereitschaft zu einem Auftrag, den es hier noch nicht gibt"
    ),
    "the message holds no order that can be reckoned with": (
        "die Nachricht enthält keinen Auftrag, mit dem sich rechnen lässt"
    ),
    "the message is of no schema up to %s, or unsound": (
        "die Nachricht hat kein Schema bis %s, oder sie ist nicht stimmig"
    ),
    "a message to %s is too long (%s bytes)": ("eine Nachricht an %s ist zu lang (%s Bytes)"),
    "%s must be opened again": ("%s muss neu geöffnet werden"),
    # Parts of a gateway, and what became of them
    "pages": "Seiten",
    "jobs of the file": "Aufträge der Datei",
    "lengths": "Länge der Abfragen",
    "exchange": "Austausch",
    "journal": "Journal",
    "the journal": "das Journal",
    "history": "Verlauf",
    "commits": "Anzeige",
    "source %s": "Leitung %s",
    "scenario": "Ablauf",
    "feed %s": "Verbindung zu %s",
    "stage in the room": "Bühne im Netz",
    "saved": "gerettet",
    "lost": "verloren",
    # Files and databases
    "%s is damaged: %s": "%s ist beschädigt: %s",
    "%s is damaged: chunk %s is missing": "%s ist beschädigt: Stück %s fehlt",
    "%s is not what it should be: %s": "%s ist nicht, was es sein sollte: %s",
    "%s is a folder": "%s ist ein Ordner",
    "%s is gone or empty": "%s ist weg oder leer",
    "%s is not open": "%s ist nicht offen",
    "%s cannot be put aside: %s": "%s lässt sich nicht beiseitelegen: %s",
    "%s cannot be used now: %s": "%s ist jetzt nicht benutzbar: %s",
    "%s cannot be used: %s": "%s ist nicht benutzbar: %s",
    "%s cannot be read: %s": "%s lässt sich nicht lesen: %s",
    "%s cannot be written: %s": "%s lässt sich nicht schreiben: %s",
    "%s was written by a newer version of werkverbund": (
        "%s stammt von einer neueren Version von werkverbund"
    ),
    "%s was written by a newer version (schema %s, this version knows up to %s): install that "
    "version again, or move the file away to start with a new one": (
        "%s stammt von einer neueren Version (Schema %s, diese kennt bis %s): Installieren Sie "
        "jene wieder, oder verschieben Sie die Datei, um mit einer neuen zu beginnen"
    ),
    "another gateway already uses %s: stop it first, or give this one its own state folder": (
        "ein anderes Gateway benutzt schon %s: Beenden Sie es zuerst, oder geben Sie diesem einen "
        "eigenen Ordner (state)"
    ),
    "the journal is closed": "das Journal ist geschlossen",
    "the journal failed: %s": "das Journal ist ausgefallen: %s",
    "nothing can be stored now, please try again: %s": (
        "jetzt lässt sich nichts speichern, bitte versuchen Sie es wieder: %s"
    ),
    "a stored block cannot be read: %s": "ein gespeicherter Block ist nicht lesbar: %s",
    "job state of schema %s; this version knows %s": (
        "Stand der Aufträge hat Schema %s; diese Version kennt %s"
    ),
    "the kept job state cannot be read: %s": (
        "der gespeicherte Stand der Aufträge ist nicht lesbar: %s"
    ),
    # Addresses and sinks
    "no pages at %s: %s": "keine Seiten unter %s: %s",
    "no answer within %s s": "keine Antwort in %s s",
    "%s answers %s: %s": "%s antwortet %s: %s",
    "%s refuses %s": "%s lehnt %s ab",
    "%s refuses the subscription to %s": "%s lehnt das Abonnement von %s ab",
    "its certificate is not trusted (%s)": "seinem Zertifikat wird nicht vertraut (%s)",
    "%s: check this computer's clock": "%s: Prüfen Sie die Uhr dieses Rechners",
    "%s: the server is not running": "%s: der Server läuft nicht",
    "no process for it: %s": "kein Prozess dafür: %s",
    "its process cannot be ended": "sein Prozess lässt sich nicht beenden",
    "its process says what makes no sense": "sein Prozess sagt, was keinen Sinn ergibt",
    "it has failed: %s": "es ist ausgefallen: %s",
    "the question is too long": "die Frage ist zu lang",
    "the gateway does not listen": "das Gateway hört nicht zu",
    "no answer in time": "keine Antwort in der Frist",
    "nobody reads standard output any more": "niemand liest mehr die Standardausgabe",
    "nobody knows when it was: its clock was never kept in step": (
        "niemand weiß, wann das war: Die Uhr war nie abgeglichen"
    ),
    # What the exchange writes down, and why
    "refused": "abgelehnt",
    "slowed down": "gebremst",
    "narrowed": "eingeschränkt",
    "withdrawn": "zurückgenommen",
    "given again": "wieder erteilt",
    "not delivered": "nicht zugestellt",
    "number not shown": "Nummer nicht gezeigt",
    "%s: it claims number %s of ours, and shows no message": (
        "%s: Die Firma nennt Nummer %s von uns und zeigt keine Nachricht dazu"
    ),
    "begun anew": "neu begonnen",
    "chain begun anew": "Kette neu begonnen",
    "every agreement at L0": "jede Vereinbarung steht auf L0",
    "order ended unfinished": "Auftrag unfertig beendet",
    "erased what was put aside": "Beiseitegelegtes gelöscht",
    "clock": "Uhr",
    "%s s from ours": "%s s neben unserer",
    "%s: by %s": "%s: durch %s",
    "%s: it has %s": "%s: dort ist %s",
    "%s: after %s": "%s: nach %s",
    "it sends more than an order needs and is read more slowly": (
        "die Firma sendet mehr, als ein Auftrag braucht, und wird langsamer gelesen"
    ),
    "%s is not a firm of %s: add it there": "%s ist keine Firma von %s: Tragen Sie sie dort ein",
    "%s is damaged: restore it from a copy, or remove it, start again and give the new public keys "
    "to the consortium": (
        "%s ist beschädigt: Stellen Sie die Datei aus einer Kopie wieder her, oder löschen Sie "
        "sie, starten Sie neu und geben Sie die neuen öffentlichen Schlüssel an den Verbund"
    ),
    "%s has not given its public keys yet": (
        "%s hat die öffentlichen Schlüssel noch nicht übergeben"
    ),
    "not sealed for this firm, or damaged": "nicht für diese Firma versiegelt, oder beschädigt",
    "not a signed message": "keine unterschriebene Nachricht",
    "from a firm that does not belong to the consortium": (
        "von einer Firma, die nicht zum Verbund gehört"
    ),
    "the signature is not that of %s": "die Unterschrift ist nicht die von %s",
    "signed by %s, sent under another name": (
        "unterschrieben von %s, gesendet unter anderem Namen"
    ),
    "the message is too long": "die Nachricht ist zu lang",
    "the message holds no fields": "die Nachricht hat keine Felder",
    "the message holds no sound joint order": (
        "die Nachricht enthält keinen stimmigen gemeinsamen Auftrag"
    ),
    "the message is for, or from, another firm": (
        "die Nachricht ist für oder von einer anderen Firma"
    ),
    "a message of kind %s without its place in the chain": (
        "eine Nachricht der Art %s ohne ihren Platz in der Kette"
    ),
    "a message of a chain that has been replaced": "eine Nachricht aus einer ersetzten Kette",
    "a message that does not continue its chain": "eine Nachricht, die ihre Kette nicht fortsetzt",
    "another message under the number %s": "eine andere Nachricht unter der Nummer %s",
    "numbers of chains that are no list, or too long": (
        "Nummern von Ketten, die keine Liste sind oder eine zu lange"
    ),
    "numbers of chains with missing or wrong fields": (
        "Nummern von Ketten mit fehlenden oder falschen Feldern"
    ),
    "a field of a report has no sound value": "ein Feld eines Berichts hat keinen stimmigen Wert",
    "a report of level %s where %s is agreed": ("ein Bericht der Stufe %s, wo %s vereinbart ist"),
    "a report on a package of another firm": "ein Bericht über ein Paket einer anderen Firma",
    "a report on an order that is not known here yet": (
        "ein Bericht zu einem Auftrag, den es hier noch nicht gibt"
    ),
    "an empty report": "ein leerer Bericht",
    "a summary that is not from the lead firm": (
        "eine Übersicht, die nicht von der federführenden Firma kommt"
    ),
    "an order that is not from the lead firm": (
        "ein Auftrag, der nicht von der federführenden Firma kommt"
    ),
    "an order under another name": "ein Auftrag unter anderem Namen",
    "an order that has not been opened": "ein Auftrag, der nicht eröffnet ist",
    "a second order while %s is not done": "ein zweiter Auftrag, solange %s nicht fertig ist",
    "an order in time lapse (%s) is for simulated machines only; the machines of this firm are "
    "real": (
        "ein Auftrag im Zeitraffer (%s) ist nur für simulierte Maschinen; die Maschinen dieser "
        "Firma sind echt"
    ),
    "an offer with missing or wrong fields": "ein Angebot mit fehlenden oder falschen Feldern",
    "an offer that is not from the lead firm": (
        "ein Angebot, das nicht von der federführenden Firma kommt"
    ),
    "an offer for an order that is not known here yet": (
        "ein Angebot zu einem Auftrag, den es hier noch nicht gibt"
    ),
    "an answer to an offer that was not made to this firm": (
        "eine Antwort auf ein Angebot, das dieser Firma nicht gemacht wurde"
    ),
    "a readiness with missing or wrong fields": (
        "eine Bereitschaft mit fehlenden oder falschen Feldern"
    ),
    "a withdrawal without its level or time": "eine Rücknahme ohne Stufe oder Zeit",
    "a withdrawal for an order that is not known here yet": (
        "eine Rücknahme zu einem Auftrag, den es hier noch nicht gibt"
    ),
    "an agreement is given again without its level": (
        "eine Vereinbarung wird ohne Stufe wieder erteilt"
    ),
    "an agreement on an order that is not known here yet": (
        "eine Vereinbarung zu einem Auftrag, den es hier noch nicht gibt"
    ),
    # The simulated factory
    "the control stays on this computer: %s is not loopback": (
        "die Steuerung bleibt auf diesem Rechner: %s ist von außen erreichbar"
    ),
    "nobody can listen on %s: %s": "auf %s kann niemand lauschen: %s",
    "no broker on port %s: %s": "kein Broker auf Port %s: %s",
    "there is no fault %s": "den Fehler %s gibt es nicht",
    "this simulation has no element that burns out": (
        "in dieser Simulation brennt kein Heizelement durch"
    ),
    "%s knows no fault %s": "%s kennt keinen Fehler %s",
    "%s is no reserve": "%s ist keine Reserve",
    "%s does not stand in for %s": "%s springt nicht für %s ein",
    "there is no lot %s of %s": "es gibt kein Los %s von %s",
    "lot %s is being worked on already": "Los %s ist schon in Arbeit",
    "there is no machine %s": "es gibt keine Maschine %s",
    "%s has no unit %s": "%s hat keine Gerätenummer %s",
}
"""Errors, entries of the security log, and names of parts, by what they say in English."""
