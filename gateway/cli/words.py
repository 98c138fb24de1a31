"""Every word of the command line's help, German and English."""

from __future__ import annotations

from gateway.cli.machine_words import machine_words
from gateway.core.text import Text

TERMS: dict[str, Text] = {
    "usage": Text("Aufruf", "Usage"),
    "commands": Text("Befehle", "Commands"),
    "arguments": Text("Angaben", "Arguments"),
    "options": Text("Optionen", "Options"),
    "examples": Text("Beispiele", "Examples"),
    "OPTIONS": Text("OPTIONEN", "OPTIONS"),
    "COMMAND": Text("BEFEHL", "COMMAND"),
    "VALUE": Text("WERT", "VALUE"),
    "FILE": Text("DATEI", "FILE"),
    "FILES": Text("DATEI", "FILE"),
    "MACHINE": Text("MASCHINE", "MACHINE"),
    "KIND": Text("ART", "KIND"),
    "--base_port": Text("PORT", "PORT"),
    "--port": Text("PORT", "PORT"),
    "--seed": Text("ZAHL", "NUMBER"),
    "--duration": Text("DAUER", "DURATION"),
    "--length": Text("DAUER", "DURATION"),
    "--recording": Text("DATEI", "FILE"),
    "--save": Text("DATEI", "FILE"),
    "--folder": Text("ORDNER", "FOLDER"),
    "--control": Text("RECHNER:PORT", "HOST:PORT"),
    "--kind": Text("ART", "KIND"),
    "--host": Text("ADRESSE", "ADDRESS"),
    "--unit": Text("ZAHL", "NUMBER"),
    "--serial": Text("PFAD", "PATH"),
    "--baud": Text("ZAHL", "NUMBER"),
    "--parity": Text("NAME", "NAME"),
    "--stop_bits": Text("ZAHL", "NUMBER"),
    "--timeout": Text("DAUER", "DURATION"),
    "--template": Text("VORLAGE", "TEMPLATE"),
    "--network": Text("NETZ", "NETWORK"),
    "--in_use": Text("DATEI", "FILE"),
    "--units": Text("ZAHLEN", "NUMBERS"),
    "--shown_as": Text("KODIERUNG", "ENCODING"),
    "--order": Text("FOLGE", "ORDER"),
    "--every": Text("DAUER", "DURATION"),
    "--mark": Text("MARKE", "MARK"),
    "--table": Text("TABELLE", "TABLE"),
    "--first": Text("ADRESSE", "ADDRESS"),
    "--count": Text("ZAHL", "NUMBER"),
    "--samples": Text("ZAHL", "NUMBER"),
    "NAME": Text("NAME", "NAME"),
    "--parameter": Text("NAME=WERT", "NAME=VALUE"),
    "--most": Text("GRÖSSE", "SIZE"),
    "--listen": Text("RECHNER:PORT", "HOST:PORT"),
    "--link": Text("PFAD", "PATH"),
    "--behind": Text("WAS", "WHAT"),
    "--faults": Text("WÖRTER", "WORDS"),
    "--state": Text("DATEI", "FILE"),
    "--firm": Text("NAME", "NAME"),
    "--name": Text("NAME", "NAME"),
    "--title": Text("NAME", "NAME"),
    "--title_en": Text("NAME", "NAME"),
    "--evidence": Text("DATEI", "FILE"),
    "--built": Text("JAHR", "YEAR"),
    "--what": Text("WAS", "WHAT"),
}
"""Headings, and the placeholders of arguments and options."""

HELP: dict[str, Text] = {
    "": Text(
        "Werkverbund: liest alte Maschinen aus und zeigt kleinen Firmen den Stand eines "
        "gemeinsamen Auftrags.\nMaschinen werden nur gelesen, nie beschrieben.",
        "Werkverbund: reads old machines and shows small firms how their joint order stands.\n"
        "Machines are only read, never written to.",
    ),
    "--lang": Text("Sprache der Ausgaben", "Language of all output"),
    "--help": Text("Diese Hilfe zeigen", "Show this help"),
    "demo": Text(
        "Die Modellfabrik mit allen simulierten Maschinen starten.\n"
        "Startet fünf Firmen, die Reserve und die Bühne auf diesem Rechner. Strg-C beendet alles.",
        "Start the model factory with all simulated machines.\n"
        "Starts five firms, the reserve and the stage on this computer. Ctrl-C stops everything.",
    ),
    "demo.base_port": Text(
        "Port der Bühne; 59 weitere Ports folgen ihm (Vorgabe 8600; 0: freie suchen)",
        "Port of the stage; 59 more ports follow it (default 8600; 0: look for free ones)",
    ),
    "demo.no_browser": Text("Keinen Browser öffnen", "Do not open a browser"),
    "demo.seed": Text(
        "Startzahl der Simulation; gleiche Zahl, gleicher Ablauf (Vorgabe 1987)",
        "Seed of the simulation; same number, same course (default 1987)",
    ),
    "demo.duration": Text(
        "Nach dieser Dauer von selbst enden, zum Beispiel 90s oder 10min",
        "End by itself after this time, for example 90s or 10min",
    ),
    "demo.lan": Text(
        "Die Bühne im lokalen Netz zeigen; Gäste sehen nur zu, die PIN steht hier",
        "Show the stage in the local network; guests only watch, the PIN is shown here",
    ),
    "demo.fresh": Text("Mit leeren Datenbanken beginnen", "Begin with empty databases"),
    "demo.json": Text(
        "Ein JSON-Objekt je Zeile ausgeben; das erste nennt alle Adressen",
        "Print one JSON object per line; the first names all addresses",
    ),
    "demo.folder": Text(
        "Ordner mit einem anderen Szenario (Vorgabe: die Vorführung GA-17)",
        "Folder with another scenario (default: the fair order GA-17)",
    ),
    "run": Text(
        "Das Gateway einer Firma betreiben.\n"
        "Liest die Maschinen, speichert, zeigt die Seiten und gibt Werte weiter, bis Strg-C.",
        "Run the gateway of one firm.\n"
        "Reads the machines, stores, shows the pages and passes values on, until Ctrl-C.",
    ),
    "run.file": Text("Die Datei der Firma", "The firm's file"),
    "reload": Text(
        "Ein laufendes Gateway seine Dateien neu lesen lassen.\n"
        "Übernimmt Maschinen und eigene Aufträge, ohne dass andere Maschinen etwas merken. Bei "
        "einem Fehler bleibt alles, wie es war. Rückgabe 0: übernommen, 78: Fehler in einer Datei.",
        "Have a running gateway read its files again.\n"
        "Takes over machines and own jobs; other machines do not notice. After a mistake "
        "everything stays as it was. Exit code 0: taken over, 78: a mistake in a file.",
    ),
    "reload.file": Text("Die Datei der Firma", "The firm's file"),
    "reload.json": Text("Das Ergebnis als ein JSON-Objekt", "The outcome as one JSON object"),
    "simulate": Text(
        "Simulierte Maschinen betreiben, die Modbus sprechen.\n"
        "Entweder die einer Simulationsdatei, oder eine einzelne von beliebiger Vorlage: über TCP, "
        "oder als RTU an einer seriellen Schnittstelle, die nur auf diesem Rechner besteht. "
        "Ein- und ausgeschaltet wird sie, indem Sie an, bereit oder aus eintippen.",
        "Run simulated machines that speak Modbus.\n"
        "Either those of a simulation's file, or a single one of any template: over TCP, or as RTU "
        "at a serial port that exists on this computer only. You switch it by typing on, standby "
        "or off.",
    ),
    "simulate.file": Text("Die Datei der Simulation", "The simulation's file"),
    "simulate.template": Text(
        "Eine Vorlage betreiben (Name oder Datei); mehrmals angeben für mehrere Geräte an einer "
        "Leitung",
        "Serve a template (name or file); give it repeatedly for several units on one line",
    ),
    "simulate.unknown": Text(
        "Eine Maschine betreiben, zu der es keine Vorlage gibt; welche Register was bedeuten, "
        "hängt von --seed ab",
        "Serve a machine that no template describes; what its registers mean hangs on --seed",
    ),
    "simulate.parameter": Text(
        "Was die Vorlage offen lässt, z. B. ct_ratio=40",
        "What the template leaves open, e.g. ct_ratio=40",
    ),
    "simulate.recording": Text(
        "Eine Aufnahme von record abspielen, vom Start an",
        "Play a recording made by record, from the start on",
    ),
    "simulate.listen": Text(
        "Adresse der einzelnen Maschine (Vorgabe 127.0.0.1:5020)",
        "Address of the single machine (default 127.0.0.1:5020)",
    ),
    "simulate.serial": Text(
        "RTU an einer seriellen Schnittstelle statt TCP; ihr Pfad wird genannt",
        "RTU at a serial port instead of TCP; its path is said",
    ),
    "simulate.link": Text(
        "Die serielle Schnittstelle unter diesem festen Pfad anbieten (schließt --serial ein)",
        "Offer the serial port under this fixed path (implies --serial)",
    ),
    "simulate.behind": Text(
        "Die serielle Leitung hinter einem Modbus-TCP-Gateway (gateway) oder einem Geräteserver "
        "mit RTU über TCP (server)",
        "The serial line behind a Modbus TCP gateway (gateway) or a device server with RTU over "
        "TCP (server)",
    ),
    "simulate.unit": Text(
        "Gerätenummer, bei mehreren die erste (Vorgabe 1)",
        "Unit number, of several the first (default 1)",
    ),
    "simulate.baud": Text(
        "Geschwindigkeit der Leitung (Vorgabe 9600); sie wird eingehalten",
        "Speed of the line (default 9600); it is kept to",
    ),
    "simulate.parity": Text(
        "Parität: none, even oder odd (Vorgabe none)", "Parity: none, even or odd (default none)"
    ),
    "simulate.stop_bits": Text("Stoppbits (Vorgabe 1)", "Stop bits (default 1)"),
    "simulate.faults": Text(
        "Was schiefgehen soll, als Wörter oder Datei, zum Beispiel »late=300ms @5%, lost @1/30, "
        "connections=1«",
        "What is to go wrong, as words or a file, for example “late=300ms @5%, lost @1/30, "
        "connections=1”",
    ),
    "simulate.control": Text(
        "Adresse der Steuerung bei einer Datei (Vorgabe 127.0.0.1:8640)",
        "Address of the control, with a file (default 127.0.0.1:8640)",
    ),
    "simulate.seed": Text(
        "Startzahl; gleiche Zahl, gleicher Ablauf", "Seed; same number, same course"
    ),
    "simulate.state": Text(
        "Datei, in der sich die Maschinen ihren Stand merken; ohne sie beginnen sie von vorn",
        "File in which the machines remember how they stand; without it they begin anew",
    ),
    "broker": Text(
        "MQTT-Broker für Demo und Versuche, nur auf diesem Rechner erreichbar.\n"
        "Im Ernstfall nehmen Sie Mosquitto oder einen anderen MQTT-5-Broker.",
        "MQTT brokers for demo and trials, reachable on this computer only.\n"
        "In earnest take Mosquitto or any other MQTT 5 broker.",
    ),
    "broker.port": Text(
        "Port; mehrmals angeben für mehrere Broker", "Port; give it repeatedly for several brokers"
    ),
    "check": Text(
        "Dateien prüfen und alle Fehler mit Zeile, Spalte und Abhilfe nennen.\n"
        "Erkennt Firma, Maschine, Vorlage, Verbund, Auftrag, Simulation und Szenario an ihren "
        "Schlüsseln; liest mit einer Firma auch die Dateien ihrer Maschinen; "
        "bei einem Ordner alle YAML-Dateien darin. Rückgabe 0: alles gut, 78: Fehler gefunden.",
        "Check files and name every mistake with line, column and remedy.\n"
        "Tells site, machine, template, consortium, order, simulation and scenario by their keys; "
        "reads the files of its machines with a site; for a folder all YAML files in it. "
        "Exit code 0: all is well, 78: mistakes found.",
    ),
    "check.files": Text("Dateien oder Ordner", "Files or folders"),
    "check.kind": Text(
        "Art der Datei, wenn sie nicht zu erkennen ist: site, machine, template, consortium, "
        "order, simulation, scenario",
        "Kind of file, where it cannot be told: site, machine, template, consortium, order, "
        "simulation, scenario",
    ),
    "check.json": Text("Ein JSON-Objekt je Fehler", "One JSON object per mistake"),
    "scan": Text(
        "Geräte suchen, und was sie sind.\n"
        "Fragt vorher. Höchstens fünf Anfragen in der Sekunde, nur lesend. Zu jedem Gerät stehen "
        "die Vorlagen, die zu seinen Werten passen, mit den Werten, die dafür sprechen.",
        "Look for devices, and what they are.\n"
        "Asks first. At most five requests a second, reading only. With each device stand the "
        "templates that fit its values, and the values that speak for them.",
    ),
    "scan.host": Text(
        "Adresse eines Geräts oder Gateways; auch mehrmals",
        "Address of a device or gateway; also repeatedly",
    ),
    "scan.port": Text("TCP-Port (Vorgabe 502)", "TCP port (default 502)"),
    "scan.rtu": Text("RTU über TCP sprechen", "Speak RTU over TCP"),
    "scan.serial": Text(
        "Serieller Anschluss, am besten /dev/serial/by-id/...",
        "Serial port, best /dev/serial/by-id/...",
    ),
    "scan.baud": Text("Baudrate (Vorgabe 9600)", "Baud rate (default 9600)"),
    "scan.parity": Text(
        "Parität: none, even, odd (Vorgabe none)", "Parity: none, even, odd (default none)"
    ),
    "scan.stop_bits": Text("Stoppbits, 1 oder 2 (Vorgabe 1)", "Stop bits, 1 or 2 (default 1)"),
    "scan.timeout": Text(
        "Längste Wartezeit auf eine Antwort, zum Beispiel 300ms (Vorgabe mit --host 2s, denn ein "
        "Gateway wartet selbst auf stumme Geräte)",
        "Longest wait for an answer, for example 300ms (default with --host 2s, as a gateway "
        "itself waits for silent units)",
    ),
    "scan.network": Text(
        "Eigenes privates Netz durchsuchen: own (jedes, nach Frage) oder 192.168.1.0/24",
        "Search an own private network: own (each, after a question) or 192.168.1.0/24",
    ),
    "scan.in_use": Text(
        "Datei der Firma: ihre Geräte sind in Betrieb und werden dabei ausgelassen",
        "The firm's file: its devices are in use and are left out of the search",
    ),
    "scan.units": Text(
        "Gerätenummern, zum Beispiel 1-10 oder 1,17 (Vorgabe 1-10)",
        "Units, for example 1-10 or 1,17 (default 1-10)",
    ),
    "scan.yes": Text("Nicht nachfragen", "Do not ask"),
    "scan.json": Text("Ein JSON-Objekt je Gerät", "One JSON object per device"),
    "look": Text(
        "In Register schauen: was sie bedeuten können.\n"
        "Zeigt jedes Register in jeder Kodierung und Folge, das Wahrscheinlichste zuerst, mit dem "
        "Grund. Mit --switch auch, welche Register sich ändern, wenn Sie die Maschine einschalten.",
        "Look at registers: what they may mean.\n"
        "Shows each register in every encoding and order, the likeliest first, with the reason. "
        "With --switch also which registers change when you switch the machine on.",
    ),
    "look.host": Text("Adresse des Geräts", "Address of the device"),
    "look.port": Text("TCP-Port (Vorgabe 502)", "TCP port (default 502)"),
    "look.rtu": Text("RTU über TCP sprechen", "Speak RTU over TCP"),
    "look.serial": Text(
        "Serieller Anschluss, am besten /dev/serial/by-id/...",
        "Serial port, best /dev/serial/by-id/...",
    ),
    "look.baud": Text("Baudrate (Vorgabe 9600)", "Baud rate (default 9600)"),
    "look.parity": Text(
        "Parität: none, even, odd (Vorgabe none)", "Parity: none, even, odd (default none)"
    ),
    "look.stop_bits": Text("Stoppbits, 1 oder 2 (Vorgabe 1)", "Stop bits, 1 or 2 (default 1)"),
    "look.timeout": Text(
        "Längste Wartezeit auf eine Antwort, zum Beispiel 300ms",
        "Longest wait for an answer, for example 300ms",
    ),
    "look.unit": Text("Gerätenummer (Vorgabe 1)", "Unit (default 1)"),
    "look.recording": Text(
        "Aus einer Aufnahme von record statt von einem Gerät",
        "From a recording made by record instead of from a device",
    ),
    "look.table": Text(
        "Tabelle: holding, input, coils oder inputs (Vorgabe: holding, sonst input)",
        "Table: holding, input, coils or inputs (default: holding, else input)",
    ),
    "look.first": Text("Erste Adresse, ab 0 gezählt", "First address, counted from 0"),
    "look.count": Text("Wie viele (Vorgabe 20)", "How many (default 20)"),
    "look.samples": Text("Wie oft gelesen wird (Vorgabe 5)", "How often to read (default 5)"),
    "look.switch": Text(
        "Zweimal lesen, dazwischen schalten Sie die Maschine",
        "Read twice; in between you switch the machine",
    ),
    "look.mark": Text(
        "Einem Register einen Namen geben, z. B. »power=262 float32 ABCD W« oder "
        "»energy=264 uint32 CDAB kW.h x0.01 counter«; auch mehrmals",
        'Name a register, e.g. "power=262 float32 ABCD W" or '
        '"energy=264 uint32 CDAB kW.h x0.01 counter"; also repeatedly',
    ),
    "look.save": Text(
        "Die markierten Register als Vorlage in diese Datei schreiben",
        "Write the marked registers into this file, as a template",
    ),
    "look.json": Text("Ein JSON-Objekt je Deutung", "One JSON object per meaning"),
    "read": Text(
        "Eine Maschine jetzt auslesen: Register, Wert, Einheit, Güte.\n"
        "Gut, um eine Verdrahtung zu prüfen. Schreibt nichts, weder auf die Maschine noch auf "
        "die Platte.",
        "Read a machine now: registers, value, unit, quality.\n"
        "Good for checking the wiring. Writes nothing, neither to the machine nor to the disk.",
    ),
    "read.file": Text(
        "Die Datei der Firma; ohne sie --template und --host oder --serial",
        "The firm's file; without it --template and --host or --serial",
    ),
    "read.machine": Text(
        "Name der Maschine (Vorgabe: alle der Datei)", "Name of the machine (default: all)"
    ),
    "read.template": Text("Gerätetyp, zum Beispiel sdm630", "Type of device, e.g. sdm630"),
    "read.host": Text("Adresse des Geräts", "Address of the device"),
    "read.port": Text(
        "Modbus-Port, 1 bis 65535 (Vorgabe 502)", "Modbus port, 1 to 65535 (default 502)"
    ),
    "read.unit": Text(
        "Gerätenummer am Bus, 0 bis 255 (Vorgabe 1); auch mehrmals",
        "Unit on the bus, 0 to 255 (default 1); also repeatedly",
    ),
    "read.rtu": Text(
        "Der Umsetzer reicht die Bytes der Leitung durch (RTU über TCP)",
        "The converter hands the line's bytes through (RTU over TCP)",
    ),
    "read.serial": Text(
        "Serieller Anschluss statt --host, am besten /dev/serial/by-id/...",
        "Serial port instead of --host, best /dev/serial/by-id/...",
    ),
    "read.baud": Text("Baudrate (Vorgabe 9600)", "Baud rate (default 9600)"),
    "read.parity": Text(
        "Parität: none, even, odd (Vorgabe none)", "Parity: none, even, odd (default none)"
    ),
    "read.stop_bits": Text("Stoppbits, 1 oder 2 (Vorgabe 1)", "Stop bits, 1 or 2 (default 1)"),
    "read.timeout": Text(
        "Längste Wartezeit auf eine Antwort, z. B. 2s", "Longest wait for an answer, e.g. 2s"
    ),
    "read.table": Text(
        "Ohne Vorlage: diese Tabelle roh lesen (holding, input, coils, inputs)",
        "Without a template: read this table raw (holding, input, coils, inputs)",
    ),
    "read.first": Text("Erste Adresse, ab 0 gezählt", "First address, counted from 0"),
    "read.count": Text("Wie viele (Vorgabe 10)", "How many (default 10)"),
    "read.shown_as": Text(
        "Kodierung, z. B. float32, int32, uint16", "Encoding, e.g. float32, int32, uint16"
    ),
    "read.order": Text(
        "Folge, z. B. ABCD, CDAB (Vorgabe: das Höchste zuerst)",
        "Order, e.g. ABCD, CDAB (default: highest first)",
    ),
    "read.every": Text(
        "Immer wieder lesen, z. B. alle 1s, bis Strg-C",
        "Read again and again, e.g. every 1s, until Ctrl-C",
    ),
    "read.parameter": Text(
        "Was die Vorlage offen lässt, z. B. ct_ratio=40",
        "What the template leaves open, e.g. ct_ratio=40",
    ),
    "read.as_hex": Text(
        "Zu jedem Block die Bytes von Frage und Antwort, auch der abgelehnten",
        "The bytes of question and answer of each block, also of refused ones",
    ),
    "read.recording": Text(
        "Aus einer Aufnahme von record statt von einem Gerät",
        "From a recording made by record instead of from a device",
    ),
    "read.json": Text("Ein JSON-Objekt je Messpunkt", "One JSON object per point"),
    "template": Text(
        "Bekannte Geräte nennen, oder alles zu einem: Anschluss, Parameter, Register, Quellen.\n"
        "Mit --aid als Asset Interfaces Description (IDTA 02017), die andere Programme lesen.",
        "Name the known devices, or all about one: wiring, parameters, registers, sources.\n"
        "With --aid as an Asset Interfaces Description (IDTA 02017), which other programs read.",
    ),
    "template.name": Text(
        "Gerätetyp, zum Beispiel sdm630, oder eine eigene Datei (Vorgabe: alle nennen)",
        "Type of device, e.g. sdm630, or a file of your own (default: name all)",
    ),
    "template.aid": Text(
        "Als Asset Interfaces Description ausgeben, JSON",
        "Print as an Asset Interfaces Description, JSON",
    ),
    "template.parameter": Text(
        "Parameter für --aid, mehrmals möglich, z. B. ct_ratio=40",
        "Parameter for --aid, more than once if needed, e.g. ct_ratio=40",
    ),
    "template.host": Text(
        "Adresse des Geräts für --aid (Vorgabe: ein Platzhalter)",
        "Address of the device for --aid (default: a placeholder)",
    ),
    "template.port": Text(
        "Modbus-Port für --aid (Vorgabe 502)", "Modbus port for --aid (default 502)"
    ),
    "template.unit": Text(
        "Gerätenummer für --aid, 1 bis 255 (Vorgabe 1)", "Unit for --aid, 1 to 255 (default 1)"
    ),
    "record": Text(
        "Aufnehmen, was die Register einer Maschine antworten, mit Zeiten, Ablehnungen und\n"
        "Ausfällen. Die Datei lässt sich abspielen (connect: {type: replay, file: ...}, oder\n"
        "read --recording) und gehört in einen Fehlerbericht. Gelesen wird nur.",
        "Record what the registers of a machine answer, with times, refusals and failures. The\n"
        "file can be played (connect: {type: replay, file: ...}, or read --recording) and belongs\n"
        "into a bug report. It only reads.",
    ),
    "record.file": Text(
        "Die Datei der Firma; ohne sie --host oder --serial, dazu --template oder --table",
        "The firm's file; without it --host or --serial, and --template or --table",
    ),
    "record.machine": Text(
        "Name der Maschine (Vorgabe: alle der Datei)", "Name of the machine (default: all)"
    ),
    "record.unit": Text(
        "Gerätenummer am Bus, 0 bis 255 (Vorgabe 1); mit --table auch mehrere",
        "Unit on the bus, 0 to 255 (default 1); with --table also several",
    ),
    "record.parameter": Text(
        "Was die Vorlage offen lässt, z. B. ct_ratio=40",
        "What the template leaves open, e.g. ct_ratio=40",
    ),
    "record.every": Text(
        "Takt ohne Datei, z. B. 200ms (Vorgabe 1s)",
        "Period without a file, e.g. 200ms (default 1s)",
    ),
    "record.length": Text(
        "Wie lange, z. B. 10min (Vorgabe); Strg-C beendet früher",
        "How long, e.g. 10min (default); Ctrl-C ends it earlier",
    ),
    "record.most": Text(
        "So viel Text wird es ungepackt höchstens (Vorgabe und Grenze 64MB)",
        "As much text it becomes at most before it is packed (default and limit 64MB)",
    ),
    "record.save": Text(
        "In diese neue Datei, z. B. mill-1.jsonl.gz", "Into this new file, e.g. mill-1.jsonl.gz"
    ),
    "record.bug_report": Text(
        "Als Fehlerbericht packen: Aufnahme, was check sagt, Versionen; ohne Adressen, Namen "
        "und Kennwörter",
        "Pack a bug report: recording, what check says, versions; without addresses, names and "
        "passwords",
    ),
    "record.template": Text("Gerätetyp, zum Beispiel sdm630", "Type of device, e.g. sdm630"),
    "record.host": Text("Adresse des Geräts", "Address of the device"),
    "record.port": Text(
        "Modbus-Port, 1 bis 65535 (Vorgabe 502)", "Modbus port, 1 to 65535 (default 502)"
    ),
    "record.rtu": Text(
        "Der Umsetzer reicht die Bytes der Leitung durch (RTU über TCP)",
        "The converter hands the line's bytes through (RTU over TCP)",
    ),
    "record.serial": Text(
        "Serieller Anschluss statt --host, am besten /dev/serial/by-id/...",
        "Serial port instead of --host, best /dev/serial/by-id/...",
    ),
    "record.baud": Text("Baudrate (Vorgabe 9600)", "Baud rate (default 9600)"),
    "record.parity": Text(
        "Parität: none, even, odd (Vorgabe none)", "Parity: none, even, odd (default none)"
    ),
    "record.stop_bits": Text("Stoppbits, 1 oder 2 (Vorgabe 1)", "Stop bits, 1 or 2 (default 1)"),
    "record.timeout": Text(
        "Längste Wartezeit auf eine Antwort, z. B. 2s", "Longest wait for an answer, e.g. 2s"
    ),
    "record.table": Text(
        "Ohne Vorlage: diese Tabelle roh lesen (holding, input, coils, inputs)",
        "Without a template: read this table raw (holding, input, coils, inputs)",
    ),
    "record.first": Text("Erste Adresse, ab 0 gezählt", "First address, counted from 0"),
    "record.count": Text("Wie viele (Vorgabe 10)", "How many (default 10)"),
    "learn": Text(
        "Aus einer Aufnahme lernen, woran man die Arbeit einer Maschine erkennt, in fünf Minuten.\n"
        "Führt Schritt für Schritt (aus, Bereitschaft, drei Läufe; drei Hübe; eine Charge), zeigt, "
        "was erkannt wurde und was ungesehen bliebe, und die Zeilen für die Datei. Liest nur; die "
        "Datei bleibt, wie sie ist.",
        "Learn from a recording what shows that a machine works, in five minutes.\n"
        "Leads step by step (off, standing by, three runs; three strokes; one charge), shows what "
        "was found and what would stay unseen, and the lines for the file. Only reads; the file "
        "stays as it is.",
    ),
    "learn.file": Text("Die Datei der Firma", "The firm's file"),
    "learn.machine": Text("Name der Maschine", "Name of the machine"),
    "learn.template": Text(
        "Vorlage eines Geräts, das in keiner Datei steht: Name oder Pfad",
        "Template of a device that is in no file: name or path",
    ),
    "learn.host": Text("Adresse des Geräts", "Address of the device"),
    "learn.port": Text("TCP-Port (Vorgabe 502)", "TCP port (default 502)"),
    "learn.unit": Text("Gerätenummer (Vorgabe 1)", "Unit (default 1)"),
    "learn.rtu": Text("RTU über TCP sprechen", "Speak RTU over TCP"),
    "learn.serial": Text(
        "Serieller Anschluss, z. B. /dev/ttyUSB0", "Serial port, e.g. /dev/ttyUSB0"
    ),
    "learn.baud": Text("Baudrate (Vorgabe 9600)", "Baud rate (default 9600)"),
    "learn.parity": Text("Parität: none, even, odd", "Parity: none, even, odd"),
    "learn.stop_bits": Text("Stoppbits, 1 oder 2 (Vorgabe 1)", "Stop bits, 1 or 2 (default 1)"),
    "learn.timeout": Text(
        "So lange wird auf eine Antwort gewartet, z. B. 500ms",
        "How long an answer is waited for, e.g. 500ms",
    ),
    "learn.kind": Text(
        "power-runs, counters oder charges (Vorgabe: was zu den Messpunkten passt)",
        "power-runs, counters or charges (default: what fits the points)",
    ),
    "learn.length": Text(
        "So lange wird höchstens aufgezeichnet, mit Einheit, z. B. 20min",
        "How long at most is recorded, with its unit, e.g. 20min",
    ),
    "learn.recording": Text(
        "Aus einer gespeicherten Aufnahme lernen (Zeilen: Sekunden,Watt)",
        "Learn from a stored recording (lines: seconds,watts)",
    ),
    "learn.save": Text("Die Aufnahme in diese Datei speichern", "Store the recording in this file"),
    "identity": Text(
        "Die öffentlichen Schlüssel von Firmen zeigen, für die Datei des Verbunds.\n"
        "Legt die Schlüssel an, wenn es noch keine gibt. Geheime Schlüssel verlassen den Rechner "
        "nie.",
        "Show the public keys of firms, for the consortium's file.\n"
        "Makes the keys where there are none yet. Secret keys never leave the computer.",
    ),
    "identity.files": Text("Dateien von Firmen", "Files of firms"),
    "identity.json": Text("Ein JSON-Objekt je Firma", "One JSON object per firm"),
    "schema": Text(
        "Das JSON-Schema einer Dateiart ausgeben, zum Beispiel für Ihren Editor.",
        "Print the JSON Schema of a kind of file, for example for your editor.",
    ),
    "schema.kind": Text(
        "site, machine, template, consortium, order, simulation oder scenario",
        "site, machine, template, consortium, order, simulation or scenario",
    ),
    "version": Text("Die Version nennen.", "Say the version."),
    "version.json": Text("Als JSON-Objekt", "As a JSON object"),
}
"""Help by command, and by ``command.parameter``; the first line of a command is its summary."""

HELP |= machine_words(HELP)

FILE_NAME = Text("firma.yaml", "firm.yaml")
"""What a firm's file is called in the examples."""

EXAMPLES: dict[str, tuple[tuple[str, Text], ...]] = {
    "": (
        (
            "werkverbund demo",
            Text("die Modellfabrik im Browser", "the model factory, in a browser"),
        ),
        ("werkverbund check firma.yaml", Text("eine Datei prüfen", "check a file")),
        (
            "werkverbund read firma.yaml mill-1",
            Text("eine Maschine jetzt auslesen", "read one machine now"),
        ),
        ("werkverbund run firma.yaml", Text("das Gateway betreiben", "run the gateway")),
    ),
    "demo": (
        ("werkverbund demo --lan", Text("auch für Handys im Raum", "also for phones in the room")),
        ("werkverbund demo --fresh", Text("alles von vorn", "all from the beginning")),
    ),
    "run": (
        (
            "werkverbund run configs/raspberry-pi.yaml",
            Text("eine echte Maschine, kein Verbund", "one real machine, no consortium"),
        ),
    ),
    "simulate": (
        (
            "werkverbund simulate --template sdm630",
            Text("ein Energiezähler an 127.0.0.1:5020", "an energy meter at 127.0.0.1:5020"),
        ),
        (
            "werkverbund simulate --template sdm630 --template pid-furnace --link /tmp/rs485",
            Text("zwei Geräte an einer seriellen Leitung", "two units on a serial line"),
        ),
        (
            "werkverbund simulate --unknown --serial --faults 'late=300ms @5%'",
            Text("eine unbekannte Maschine, manchmal langsam", "an unknown machine, slow at times"),
        ),
    ),
    "reload": (
        (
            "werkverbund reload firma.yaml",
            Text("nach einer Änderung an den Dateien", "after a change of the files"),
        ),
    ),
    "check": (
        ("werkverbund check configs", Text("alle Dateien im Ordner", "all files in the folder")),
    ),
    "scan": (
        (
            "werkverbund scan --serial /dev/ttyUSB0 --units 1-20",
            Text("eine serielle Leitung absuchen", "search a serial line"),
        ),
        (
            "werkverbund scan --host 192.168.10.21",
            Text("hinter einer Adresse suchen", "search behind an address"),
        ),
    ),
    "look": (
        (
            "werkverbund look --serial /dev/ttyUSB0 --unit 3 --count 40 --switch",
            Text(
                "finden, welches Register die Maschine zeigt",
                "find which register shows the machine",
            ),
        ),
    ),
    "read": (
        ("werkverbund read firma.yaml mill-1", Text("wie in der Datei", "as the file says")),
        (
            "werkverbund read --template sdm630 --host 192.168.10.21",
            Text("ohne Datei", "without a file"),
        ),
        (
            "werkverbund read --template sdm630 --serial /dev/ttyUSB0 --baud 9600 --unit 1",
            Text("an RS-485", "on RS-485"),
        ),
    ),
    "template": (
        ("werkverbund template sdm630", Text("alles zu einem Gerät", "all about one device")),
        (
            "werkverbund template sdm630 --aid > sdm630.json",
            Text("für andere Programme", "for other programs"),
        ),
    ),
    "record": (
        ("werkverbund record firma.yaml mill-1", Text("wie in der Datei", "as the file says")),
        (
            "werkverbund record firma.yaml mill-1 --for 2min --bug-report",
            Text("für einen Fehlerbericht", "for a bug report"),
        ),
        (
            "werkverbund record --host 192.168.10.21 --table holding --count 40",
            Text("ein unbekanntes Gerät", "an unknown device"),
        ),
    ),
    "learn": (
        ("werkverbund learn firma.yaml mill-1", Text("an der Maschine", "at the machine")),
        (
            "werkverbund learn --template sdm630 --serial /dev/ttyUSB0 --unit 1 --save mill.csv",
            Text("ein Gerät, das in keiner Datei steht", "a device that is in no file"),
        ),
        (
            "werkverbund learn firma.yaml mill-1 --recording mill-1.csv",
            Text("noch einmal aus einer Aufnahme", "again from a recording"),
        ),
    ),
    "init": (
        ("werkverbund init firma.yaml", Text("fragt, was es braucht", "asks for what it needs")),
    ),
    "machine": (
        (
            "werkverbund machine sheet firma.yaml press-1",
            Text("für Elektriker und Leitung", "for electrician and owner"),
        ),
    ),
    "machine add": (
        (
            "werkverbund machine add firma.yaml press-1 --template sdm630 --serial /dev/ttyUSB0",
            Text("ein Zähler an RS-485", "a meter on RS-485"),
        ),
    ),
    "machine exchange": (
        (
            "werkverbund machine exchange firma.yaml press-1 --what 'SDM630, Nr. 4711'",
            Text("gleicher Typ, gleicher Platz", "same type, same place"),
        ),
    ),
    "schema": (("werkverbund schema site > site.json", Text("für den Editor", "for the editor")),),
}


def param_key(command: str, param: str | None) -> str:
    """The key of a parameter's words."""
    return "--help" if param == "help" else f"{command}.{param}"
