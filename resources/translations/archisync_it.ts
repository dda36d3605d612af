<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="it" sourcelanguage="en">
    <context>
        <name />
        <message>
            <source>Archisync is still starting. Try again in a moment.</source>
            <translation>Archisync si sta ancora avviando. Riprovare tra un momento.</translation>
        </message>
        <message>
            <source>{type} was not asked for: {why}</source>
            <translation>{type}: richiesta non accettata. {why}</translation>
        </message>
        <message>
            <source>{type}: reading now.</source>
            <translation>{type}: lettura in corso.</translation>
        </message>
        <message>
            <source>&amp;Run anyway</source>
            <translation>&amp;Esegui comunque</translation>
        </message>
        <message>
            <source>Nothing was asked for: {why}</source>
            <translation>Nessuna richiesta accettata: {why}</translation>
        </message>
        <message>
            <source>All lists are in the queue; they start when you release.</source>
            <translation>Tutti gli elenchi sono in coda; partono alla ripresa.</translation>
        </message>
        <message>
            <source>&amp;Release</source>
            <translation>&amp;Riprendi</translation>
        </message>
        <message>
            <source>All lists are in the queue; they start when the order form closes.</source>
            <translation>Tutti gli elenchi sono in coda; partono alla chiusura del modulo ordini.</translation>
        </message>
        <message>
            <source>All lists are in the queue; one is read after the other.</source>
            <translation>Tutti gli elenchi sono in coda; si leggono uno dopo l'altro.</translation>
        </message>
        <message>
            <source>Nothing is running.</source>
            <translation>Non c'è niente in corso.</translation>
        </message>
        <message>
            <source>{type}: cancelled. The stored data are as before.</source>
            <translation>{type}: annullato. I dati in archivio sono quelli di prima.</translation>
        </message>
        <message>
            <source>&amp;Ask again</source>
            <translation>&amp;Richiedi di nuovo</translation>
        </message>
        <message>
            <source>{type}: taken out of the queue.</source>
            <translation>{type}: tolto dalla coda.</translation>
        </message>
        <message>
            <source>&amp;Put it back</source>
            <translation>&amp;Rimetti in coda</translation>
        </message>
        <message>
            <source>The order form's tabs were told; the syncs go on.</source>
            <translation>Le schede del modulo ordini sono state avvisate; le letture riprendono.</translation>
        </message>
        <message>
            <source>The order form is not available: the local endpoint is not running.</source>
            <translation>Il modulo ordini non è disponibile: il servizio locale non è attivo.</translation>
        </message>
        <message>
            <source>now</source>
            <comment>freshness: less than a minute</comment>
            <translation>adesso</translation>
        </message>
        <message>
            <source>{minutes} min ago</source>
            <translation>{minutes} min fa</translation>
        </message>
        <message>
            <source>{hours} h {minutes} min ago</source>
            <translation>{hours} h {minutes} min fa</translation>
        </message>
        <message>
            <source>{hours} h ago</source>
            <translation>{hours} h fa</translation>
        </message>
        <message numerus="yes">
            <source>%n day(s) ago</source>
            <translation>
                <numerusform>%n giorno fa</numerusform>
                <numerusform>%n giorni fa</numerusform>
            </translation>
        </message>
        <message>
            <source>{seconds} s</source>
            <translation>{seconds} s</translation>
        </message>
        <message>
            <source>{minutes} min</source>
            <translation>{minutes} min</translation>
        </message>
        <message>
            <source>{hours} h {minutes} min</source>
            <translation>{hours} h {minutes} min</translation>
        </message>
        <message>
            <source>Type</source>
            <translation>Elenco</translation>
        </message>
        <message>
            <source>State</source>
            <translation>Stato</translation>
        </message>
        <message>
            <source>Freshness</source>
            <translation>Freschezza</translation>
        </message>
        <message>
            <source>Will be fresh</source>
            <translation>Sarà aggiornato</translation>
        </message>
        <message>
            <source>Duration, last 20</source>
            <translation>Durata, ultime 20</translation>
        </message>
        <message numerus="yes">
            <source>%n account(s)</source>
            <translation>
                <numerusform>%n utente</numerusform>
                <numerusform>%n utenti</numerusform>
            </translation>
        </message>
        <message>
            <source>No account reads this list</source>
            <translation>Nessun utente legge questo elenco</translation>
        </message>
        <message numerus="yes">
            <source>%n failure(s) in a row</source>
            <translation>
                <numerusform>%n errore di seguito</numerusform>
                <numerusform>%n errori di seguito</numerusform>
            </translation>
        </message>
        <message>
            <source>Read on {time}</source>
            <translation>Letto il {time}</translation>
        </message>
        <message>
            <source>New ones as of {time}</source>
            <translation>Nuovi aggiornati al {time}</translation>
        </message>
        <message>
            <source>Clean whole read as of {time}</source>
            <translation>Elenco intero, lettura pulita del {time}</translation>
        </message>
        <message>
            <source>Last attempt {time}: {outcome}</source>
            <translation>Ultimo tentativo {time}: {outcome}</translation>
        </message>
        <message>
            <source>Never read</source>
            <translation>Mai letto</translation>
        </message>
        <message>
            <source>Due at {time}</source>
            <translation>Previsto per il {time}</translation>
        </message>
        <message>
            <source>Starts {time}, takes about {length}</source>
            <translation>Parte il {time}, dura circa {length}</translation>
        </message>
        <message>
            <source>No runs yet</source>
            <translation>Ancora nessuna lettura</translation>
        </message>
        <message>
            <source>Last: {length}</source>
            <translation>Ultima: {length}</translation>
        </message>
        <message>
            <source>Usually: {length}</source>
            <translation>Di solito: {length}</translation>
        </message>
        <message numerus="yes">
            <source>%n failed</source>
            <translation>
                <numerusform>%n non riuscita</numerusform>
                <numerusform>%n non riuscite</numerusform>
            </translation>
        </message>
        <message>
            <source>Waits because: {why}</source>
            <translation>Aspetta perché: {why}</translation>
        </message>
        <message>
            <source>Asked at {time}</source>
            <translation>Richiesto il {time}</translation>
        </message>
        <message>
            <source>Tab</source>
            <translation>Scheda</translation>
        </message>
        <message>
            <source>Open since</source>
            <translation>Aperta dalle</translation>
        </message>
        <message>
            <source>Last sign of life</source>
            <translation>Ultimo segno di vita</translation>
        </message>
        <message>
            <source>Ends by itself at</source>
            <translation>Scade da sola alle</translation>
        </message>
        <message>
            <source>program without a name</source>
            <translation>programma senza nome</translation>
        </message>
        <message>
            <source>order form</source>
            <translation>modulo ordini</translation>
        </message>
        <message>
            <source>connected</source>
            <translation>collegata</translation>
        </message>
        <message>
            <source>not connected</source>
            <translation>non collegata</translation>
        </message>
        <message>
            <source>{type}: a read looked wrong</source>
            <translation>{type}: una lettura non convince</translation>
        </message>
        <message>
            <source>Nothing was changed. Look at what was found and decide.</source>
            <translation>Non è cambiato niente. Guardare che cosa è stato trovato e decidere.</translation>
        </message>
        <message>
            <source>{type}: the sync failed</source>
            <translation>{type}: lettura non riuscita</translation>
        </message>
        <message>
            <source>{why}. The data stay as they were.</source>
            <translation>{why}. I dati restano quelli di prima.</translation>
        </message>
        <message>
            <source>The ERP</source>
            <translation>L'ERP</translation>
        </message>
        <message>
            <source>The ERP does not answer</source>
            <translation>L'ERP non risponde</translation>
        </message>
        <message>
            <source>{names}: tried again by itself.</source>
            <translation>{names}: si riprova da solo.</translation>
        </message>
        <message>
            <source>The ERP refused the password of {account}</source>
            <translation>L'ERP ha rifiutato la password di {account}</translation>
        </message>
        <message>
            <source>Nothing is tried until you correct it.</source>
            <translation>Non si riprova finché non viene corretta.</translation>
        </message>
        <message>
            <source>The pause</source>
            <translation>La pausa</translation>
        </message>
        <message>
            <source>Still paused by you</source>
            <translation>Ancora in pausa</translation>
        </message>
        <message>
            <source>Nothing is read until you release.</source>
            <translation>Non si legge niente fino alla ripresa.</translation>
        </message>
        <message>
            <source>{name}: resolved</source>
            <translation>{name}: risolto</translation>
        </message>
        <message>
            <source>It works again.</source>
            <translation>Funziona di nuovo.</translation>
        </message>
        <message>
            <source>An order form was left open</source>
            <translation>Un modulo ordini è rimasto aperto</translation>
        </message>
        <message>
            <source>No sign of life: the waiting syncs go on. The form starts again by itself at the next input.</source>
            <translation>Nessun segno di vita: le letture in attesa riprendono. Il modulo riparte da solo al prossimo uso.</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>Apri</translation>
        </message>
        <message>
            <source>&amp;Sync now</source>
            <translation>&amp;Sincronizza ora</translation>
        </message>
        <message>
            <source>no account</source>
            <translation>nessun utente</translation>
        </message>
        <message>
            <source>its turn comes by itself</source>
            <translation>il suo turno arriva da solo</translation>
        </message>
        <message>
            <source>&amp;Move to the front</source>
            <translation>Porta in &amp;testa</translation>
        </message>
        <message>
            <source>&amp;Take out of the queue</source>
            <translation>T&amp;ogli dalla coda</translation>
        </message>
        <message>
            <source>&amp;Look at the refused read</source>
            <translation>&amp;Guarda la lettura rifiutata</translation>
        </message>
        <message>
            <source>&amp;Password…</source>
            <translation>&amp;Password…</translation>
        </message>
        <message>
            <source>&amp;History</source>
            <translation>&amp;Cronologia</translation>
        </message>
        <message>
            <source>&amp;Data</source>
            <translation>&amp;Dati</translation>
        </message>
        <message>
            <source>&amp;Last run…</source>
            <translation>&amp;Ultima lettura…</translation>
        </message>
        <message>
            <source>&amp;Interval…</source>
            <translation>&amp;Intervallo…</translation>
        </message>
        <message>
            <source>Sync {type} now</source>
            <translation>Sincronizza {type} ora</translation>
        </message>
        <message>
            <source>No account reads this list: enter one in Settings</source>
            <translation>Nessun utente legge questo elenco: indicarne uno nelle impostazioni</translation>
        </message>
        <message>
            <source>Sync {type} once more after the run that is active</source>
            <translation>Sincronizza {type} ancora una volta dopo la lettura in corso</translation>
        </message>
        <message>
            <source>{type} waits already; asking again keeps its place</source>
            <translation>{type} è già in coda; una nuova richiesta non cambia il posto</translation>
        </message>
        <message>
            <source>Move {type} to the front</source>
            <translation>Porta {type} in testa</translation>
        </message>
        <message>
            <source>{type} is the next already</source>
            <translation>{type} è già il prossimo</translation>
        </message>
        <message>
            <source>Take {type} out of the queue</source>
            <translation>Togli {type} dalla coda</translation>
        </message>
        <message>
            <source>Last 2 hours · violet: order form open · dotted: what comes next</source>
            <translation>Ultime 2 ore · in viola il modulo ordini aperto · tratteggiati i prossimi</translation>
        </message>
        <message>
            <source>In queue</source>
            <comment>title</comment>
            <translation>In coda</translation>
        </message>
        <message>
            <source>Activity</source>
            <translation>Attività</translation>
        </message>
        <message>
            <source>Nothing waits.</source>
            <translation>Niente in attesa.</translation>
        </message>
        <message>
            <source>Nothing has happened yet.</source>
            <translation>Non è ancora successo niente.</translation>
        </message>
        <message>
            <source>The lists and how fresh they are</source>
            <translation>Gli elenchi e la loro freschezza</translation>
        </message>
        <message>
            <source>What waits, in order</source>
            <translation>Che cosa aspetta, in ordine</translation>
        </message>
        <message>
            <source>The last events</source>
            <translation>Gli ultimi eventi</translation>
        </message>
        <message>
            <source>Timeline of the last two hours</source>
            <translation>Linea del tempo delle ultime due ore</translation>
        </message>
        <message>
            <source>Archisync goes on in the tray</source>
            <translation>Archisync resta attivo accanto all'orologio</translation>
        </message>
        <message>
            <source>The syncs continue. Quit from the icon's menu, or with Ctrl+Q in the window.</source>
            <translation>Le letture continuano. Si esce dal menu dell'icona, o con Ctrl+Q nella finestra.</translation>
        </message>
        <message>
            <source>Archisync goes on, minimised</source>
            <translation>Archisync resta attivo, ridotto a icona</translation>
        </message>
        <message>
            <source>This desktop shows no tray icons. The syncs continue; quit with Ctrl+Q in the window.</source>
            <translation>Questo desktop non mostra icone accanto all'orologio. Le letture continuano; si esce con Ctrl+Q nella finestra.</translation>
        </message>
        <message>
            <source>{title} is being read. Quit all the same?</source>
            <translation>Lettura di {title} in corso. Uscire lo stesso?</translation>
        </message>
        <message>
            <source>What was read so far is thrown away; the stored data stay as they are.</source>
            <translation>Ciò che è stato letto finora va perso; i dati in archivio restano come sono.</translation>
        </message>
        <message>
            <source>An order form is open. Quit all the same?</source>
            <translation>C'è un modulo ordini aperto. Uscire lo stesso?</translation>
        </message>
        <message>
            <source>It goes on with the stored data, as old as they are.</source>
            <translation>Continuerà con i dati in archivio, così come sono.</translation>
        </message>
        <message>
            <source>&amp;Quit</source>
            <translation>&amp;Esci</translation>
        </message>
        <message>
            <source>&amp;Stay</source>
            <translation>&amp;Resta</translation>
        </message>
        <message>
            <source>Archisync could not start.</source>
            <translation>Archisync non è riuscito ad avviarsi.</translation>
        </message>
        <message>
            <source>{type}, expected at {time}, about {length}</source>
            <translation>{type}, previsto alle {time}, circa {length}</translation>
        </message>
        <message>
            <source>&amp;Open Archisync</source>
            <translation>&amp;Apri Archisync</translation>
        </message>
        <message>
            <source>&amp;Sync all</source>
            <translation>Si&amp;ncronizza tutto</translation>
        </message>
        <message>
            <source>Sync &amp;one list</source>
            <translation>Sincronizza &amp;un elenco</translation>
        </message>
        <message>
            <source>Open order &amp;form</source>
            <translation>Apri il &amp;modulo ordini</translation>
        </message>
        <message>
            <source>&amp;Pause all</source>
            <translation>S&amp;ospendi tutto</translation>
        </message>
        <message>
            <source>Starting…</source>
            <translation>Avvio in corso…</translation>
        </message>
        <message>
            <source>Close this message</source>
            <translation>Chiudi questo messaggio</translation>
        </message>
        <message>
            <source>&amp;Leave as it is</source>
            <translation>&amp;Lascia così</translation>
        </message>
        <message>
            <source>Try a &amp;fault</source>
            <translation>Pro&amp;va un guasto</translation>
        </message>
        <message>
            <source>&amp;Overview</source>
            <translation>&amp;Panoramica</translation>
        </message>
        <message>
            <source>&amp;History</source>
            <comment>page</comment>
            <translation>&amp;Cronologia</translation>
        </message>
        <message>
            <source>&amp;Timeline</source>
            <comment>page</comment>
            <translation>&amp;Tempo</translation>
        </message>
        <message>
            <source>&amp;Data</source>
            <comment>page</comment>
            <translation>&amp;Dati</translation>
        </message>
        <message>
            <source>Da&amp;y</source>
            <comment>page</comment>
            <translation>&amp;Giornata</translation>
        </message>
        <message>
            <source>&amp;Log</source>
            <comment>page</comment>
            <translation>Registr&amp;o</translation>
        </message>
        <message>
            <source>S&amp;ettings</source>
            <comment>page</comment>
            <translation>&amp;Impostazioni</translation>
        </message>
        <message>
            <source>&amp;Why?</source>
            <translation>Perc&amp;hé?</translation>
        </message>
        <message>
            <source>Why does this run, or why does nothing run?</source>
            <translation>Perché c'è questa lettura, o perché non parte niente?</translation>
        </message>
        <message>
            <source>&amp;Cancel</source>
            <translation>&amp;Annulla</translation>
        </message>
        <message>
            <source>Read all lists, one after the other (F5)</source>
            <translation>Legge tutti gli elenchi, uno dopo l'altro (F5)</translation>
        </message>
        <message>
            <source>Progress of the active run</source>
            <translation>Avanzamento della lettura in corso</translation>
        </message>
        <message>
            <source>opening the archive and the browser</source>
            <translation>apertura dell'archivio e del browser</translation>
        </message>
        <message>
            <source>Archisync is still starting</source>
            <translation>Archisync si sta ancora avviando</translation>
        </message>
        <message>
            <source>End the active run; the stored data stay as they are</source>
            <translation>Interrompe la lettura in corso; i dati in archivio restano come sono</translation>
        </message>
        <message>
            <source>Nothing is running</source>
            <translation>Non c'è niente in corso</translation>
        </message>
        <message>
            <source>Let the syncs start again</source>
            <translation>Fa ripartire le letture</translation>
        </message>
        <message>
            <source>End the active run and start nothing until you release</source>
            <translation>Interrompe la lettura in corso e non ne avvia altre fino alla ripresa</translation>
        </message>
        <message>
            <source>No ERP account: enter one in Settings</source>
            <translation>Nessun utente dell'ERP: indicarne uno nelle impostazioni</translation>
        </message>
        <message>
            <source>Closing…</source>
            <translation>Chiusura in corso…</translation>
        </message>
        <message>
            <source>the active run is ended cleanly</source>
            <translation>la lettura in corso viene chiusa in ordine</translation>
        </message>
        <message>
            <source>Archisync is closing</source>
            <translation>Archisync si sta chiudendo</translation>
        </message>
        <message>
            <source>Order form open</source>
            <translation>Modulo ordini aperto</translation>
        </message>
        <message>
            <source>&amp;Tabs…</source>
            <translation>Sche&amp;de…</translation>
        </message>
        <message>
            <source>Which tabs are open, since when, and their last sign of life</source>
            <translation>Quali schede sono aperte, da quando, e il loro ultimo segno di vita</translation>
        </message>
        <message>
            <source>Release &amp;now</source>
            <translation>&amp;Libera ora</translation>
        </message>
        <message>
            <source>End all sessions: the waiting syncs go on</source>
            <translation>Chiude tutte le sessioni: le letture in attesa riprendono</translation>
        </message>
        <message>
            <source>Archive {size} MB</source>
            <translation>Archivio {size} MB</translation>
        </message>
        <message>
            <source>ERP: starting</source>
            <translation>ERP: avvio</translation>
        </message>
        <message>
            <source>ERP: no account</source>
            <translation>ERP: nessun utente</translation>
        </message>
        <message>
            <source>ERP: password of {account} refused</source>
            <translation>ERP: password di {account} rifiutata</translation>
        </message>
        <message>
            <source>ERP does not answer</source>
            <translation>L'ERP non risponde</translation>
        </message>
        <message>
            <source>ERP connected as {account}</source>
            <translation>ERP collegato come {account}</translation>
        </message>
        <message>
            <source>ERP: not asked yet today</source>
            <translation>ERP: oggi non ancora consultato</translation>
        </message>
        <message numerus="yes">
            <source>%n tab(s)</source>
            <translation>
                <numerusform>%n scheda</numerusform>
                <numerusform>%n schede</numerusform>
            </translation>
        </message>
        <message>
            <source>Order form: {address}</source>
            <translation>Modulo ordini: {address}</translation>
        </message>
        <message>
            <source>Order form: endpoint off</source>
            <translation>Modulo ordini: servizio spento</translation>
        </message>
        <message>
            <source>by hand</source>
            <translation>richiesto a mano</translation>
        </message>
        <message>
            <source>scheduled</source>
            <translation>programmato</translation>
        </message>
        <message>
            <source>order form</source>
            <comment>who asked</comment>
            <translation>per il modulo ordini</translation>
        </message>
        <message>
            <source>another program</source>
            <translation>da un altro programma</translation>
        </message>
        <message>
            <source>record {key}</source>
            <translation>scheda {key}</translation>
        </message>
        <message>
            <source>new ones only</source>
            <translation>solo i nuovi</translation>
        </message>
        <message>
            <source>whole list</source>
            <translation>elenco intero</translation>
        </message>
        <message>
            <source>Done</source>
            <translation>Riuscita</translation>
        </message>
        <message>
            <source>Done, data moved meanwhile</source>
            <translation>Riuscita, dati in movimento</translation>
        </message>
        <message>
            <source>Refused</source>
            <translation>Rifiutata</translation>
        </message>
        <message>
            <source>Failed</source>
            <translation>Non riuscita</translation>
        </message>
        <message>
            <source>Cancelled</source>
            <translation>Annullata</translation>
        </message>
        <message>
            <source>Skipped</source>
            <translation>Saltata</translation>
        </message>
        <message>
            <source>Interrupted</source>
            <translation>Interrotta</translation>
        </message>
        <message>
            <source>Running</source>
            <translation>In corso</translation>
        </message>
        <message>
            <source>failed</source>
            <comment>short reason</comment>
            <translation>non riuscito</translation>
        </message>
        <message>
            <source>the ERP does not answer</source>
            <translation>l'ERP non risponde</translation>
        </message>
        <message>
            <source>password refused</source>
            <translation>password rifiutata</translation>
        </message>
        <message>
            <source>login failed</source>
            <translation>accesso non riuscito</translation>
        </message>
        <message>
            <source>the ERP's page changed</source>
            <translation>pagina dell'ERP cambiata</translation>
        </message>
        <message>
            <source>read refused</source>
            <translation>lettura rifiutata</translation>
        </message>
        <message>
            <source>internal fault</source>
            <translation>guasto interno</translation>
        </message>
        <message>
            <source>after {type}</source>
            <translation>dopo {type}</translation>
        </message>
        <message>
            <source>others come first</source>
            <translation>prima gli altri</translation>
        </message>
        <message>
            <source>paused by you</source>
            <translation>in pausa</translation>
        </message>
        <message>
            <source>order form open</source>
            <translation>modulo aperto</translation>
        </message>
        <message>
            <source>too many logins today</source>
            <translation>troppi accessi oggi</translation>
        </message>
        <message>
            <source>outside office hours</source>
            <translation>fuori orario</translation>
        </message>
        <message>
            <source>slowed down after failures</source>
            <translation>rallentato dopo gli errori</translation>
        </message>
        <message>
            <source>new attempt soon</source>
            <translation>nuovo tentativo tra poco</translation>
        </message>
        <message>
            <source>no ERP account</source>
            <translation>nessun utente dell'ERP</translation>
        </message>
        <message>
            <source>closing</source>
            <translation>chiusura</translation>
        </message>
        <message>
            <source>its turn comes</source>
            <translation>arriva il suo turno</translation>
        </message>
        <message>
            <source>Running {part}%</source>
            <translation>In corso {part}%</translation>
        </message>
        <message>
            <source>In queue · no. {place}</source>
            <translation>In coda · n. {place}</translation>
        </message>
        <message>
            <source>In queue</source>
            <translation>In coda</translation>
        </message>
        <message>
            <source>Suspended · {why}</source>
            <translation>Sospeso · {why}</translation>
        </message>
        <message>
            <source>Waiting · {why}</source>
            <translation>In attesa · {why}</translation>
        </message>
        <message numerus="yes">
            <source>Slowed · %n failure(s)</source>
            <translation>
                <numerusform>Rallentato · %n errore</numerusform>
                <numerusform>Rallentato · %n errori</numerusform>
            </translation>
        </message>
        <message>
            <source>Stopped · {why}</source>
            <translation>Fermo · {why}</translation>
        </message>
        <message>
            <source>Read refused · look at it</source>
            <translation>Lettura rifiutata · da guardare</translation>
        </message>
        <message>
            <source>Failed · {why}</source>
            <translation>Errore · {why}</translation>
        </message>
        <message>
            <source>Resting · data move while read</source>
            <translation>A riposo · dati in movimento</translation>
        </message>
        <message>
            <source>Resting</source>
            <translation>A riposo</translation>
        </message>
        <message>
            <source>Fresh · {since}</source>
            <translation>Aggiornato · {since}</translation>
        </message>
        <message>
            <source>Late · {since}</source>
            <translation>In ritardo · {since}</translation>
        </message>
        <message>
            <source>Unsure · {since}</source>
            <translation>Incerto · {since}</translation>
        </message>
        <message>
            <source>Unsure</source>
            <translation>Incerto</translation>
        </message>
        <message>
            <source>when the password is right</source>
            <translation>con la password giusta</translation>
        </message>
        <message>
            <source>when you decide</source>
            <translation>dopo la tua decisione</translation>
        </message>
        <message>
            <source>when you release</source>
            <translation>alla ripresa</translation>
        </message>
        <message>
            <source>on request only</source>
            <translation>solo a richiesta</translation>
        </message>
        <message>
            <source>{time} · goes on from page {page}</source>
            <translation>{time} · riprende da pag. {page}</translation>
        </message>
        <message>
            <source>{time} · new attempt</source>
            <translation>{time} · nuovo tentativo</translation>
        </message>
        <message>
            <source>{time} · after {type} {length}</source>
            <translation>{time} · dopo {type} {length}</translation>
        </message>
        <message>
            <source>logging in</source>
            <translation>accesso</translation>
        </message>
        <message>
            <source>opening the list</source>
            <translation>apertura dell'elenco</translation>
        </message>
        <message>
            <source>checking</source>
            <translation>controllo</translation>
        </message>
        <message>
            <source>storing</source>
            <translation>archiviazione</translation>
        </message>
        <message>
            <source>page {page} of {pages}</source>
            <translation>pagina {page} di {pages}</translation>
        </message>
        <message>
            <source>page {page}</source>
            <translation>pagina {page}</translation>
        </message>
        <message>
            <source>the others when it closes, or one at a time in {left}</source>
            <translation>gli altri alla chiusura, o uno alla volta fra {left}</translation>
        </message>
        <message numerus="yes">
            <source>%n attempt(s)</source>
            <translation>
                <numerusform>%n tentativo</numerusform>
                <numerusform>%n tentativi</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n row(s)</source>
            <translation>
                <numerusform>%n riga</numerusform>
                <numerusform>%n righe</numerusform>
            </translation>
        </message>
        <message>
            <source>running for {time}</source>
            <translation>in corso da {time}</translation>
        </message>
        <message>
            <source>about {time} left</source>
            <translation>circa {time} alla fine</translation>
        </message>
        <message>
            <source>attempt {count}</source>
            <translation>tentativo {count}</translation>
        </message>
        <message>
            <source>since {time} · nothing starts until you release</source>
            <translation>dalle {time} · non parte niente fino alla ripresa</translation>
        </message>
        <message>
            <source>Paused by you</source>
            <translation>In pausa</translation>
        </message>
        <message numerus="yes">
            <source>%n list(s) never read</source>
            <translation>
                <numerusform>%n elenco mai letto</numerusform>
                <numerusform>%n elenchi mai letti</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n list(s) late</source>
            <translation>
                <numerusform>%n elenco in ritardo</numerusform>
                <numerusform>%n elenchi in ritardo</numerusform>
            </translation>
        </message>
        <message>
            <source>All fresh</source>
            <translation>Tutto aggiornato</translation>
        </message>
        <message>
            <source>No ERP account yet</source>
            <translation>Ancora nessun utente dell'ERP</translation>
        </message>
        <message>
            <source>Enter one in Settings: nothing can be read without it</source>
            <translation>Indicarlo nelle impostazioni: senza, non si legge niente</translation>
        </message>
        <message>
            <source>Correct it in Settings; nothing is tried until then</source>
            <translation>Correggerla nelle impostazioni; fino ad allora non si riprova</translation>
        </message>
        <message>
            <source>{names}: a read looked wrong and was not stored</source>
            <translation>{names}: una lettura non convince e non è stata archiviata</translation>
        </message>
        <message>
            <source>The stored data are unchanged; look at what was found and decide</source>
            <translation>I dati in archivio non sono cambiati; guardare che cosa è stato trovato e decidere</translation>
        </message>
        <message>
            <source>{names} · it is tried again by itself</source>
            <translation>{names} · si riprova da solo</translation>
        </message>
        <message>
            <source>{names}: the last read failed</source>
            <translation>{names}: ultima lettura non riuscita</translation>
        </message>
        <message>
            <source>next: {type} at {time}</source>
            <translation>prossimo: {type} alle {time}</translation>
        </message>
        <message>
            <source>nothing is due</source>
            <translation>niente in programma</translation>
        </message>
        <message>
            <source>since {time}</source>
            <translation>dalle {time}</translation>
        </message>
        <message>
            <source>new customers: {time}</source>
            <translation>nuovi clienti: {time}</translation>
        </message>
        <message>
            <source>whole list: {time}</source>
            <translation>elenco intero: {time}</translation>
        </message>
        <message>
            <source>{text}, being read</source>
            <translation>{text}, in lettura</translation>
        </message>
        <message>
            <source>late lists pass one at a time</source>
            <translation>gli elenchi in ritardo passano uno alla volta</translation>
        </message>
        <message>
            <source>priority {count}</source>
            <translation>priorità {count}</translation>
        </message>
        <message>
            <source>goes on from page {page}</source>
            <translation>riprende da pag. {page}</translation>
        </message>
        <message>
            <source>{type} is in the queue at place {place}: {why}.</source>
            <translation>{type}: in coda al posto {place}, {why}.</translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <translation>
                <numerusform>%n nuovo</numerusform>
                <numerusform>%n nuovi</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <translation>
                <numerusform>%n cambiato</numerusform>
                <numerusform>%n cambiati</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <translation>
                <numerusform>%n sparito</numerusform>
                <numerusform>%n spariti</numerusform>
            </translation>
        </message>
        <message>
            <source>nothing new</source>
            <translation>nessuna novità</translation>
        </message>
        <message>
            <source>Data moved while they were read</source>
            <translation>I dati si muovevano durante la lettura</translation>
        </message>
        <message>
            <source>{name} suspended at page {page} of {pages} for the order form</source>
            <translation>{name}: lettura sospesa a pagina {page} di {pages} per il modulo ordini</translation>
        </message>
        <message>
            <source>{name} suspended for the order form</source>
            <translation>{name}: lettura sospesa per il modulo ordini</translation>
        </message>
        <message>
            <source>{name} goes on</source>
            <translation>{name}: la lettura riprende</translation>
        </message>
        <message>
            <source>{name}: cancelled</source>
            <translation>{name}: annullato</translation>
        </message>
        <message>
            <source>{name}: nothing was read</source>
            <translation>{name}: non è stato letto niente</translation>
        </message>
        <message>
            <source>{name}: a new attempt follows</source>
            <translation>{name}: segue un nuovo tentativo</translation>
        </message>
        <message>
            <source>Order form: no sign of life, the syncs go on</source>
            <translation>Modulo ordini: nessun segno di vita, le letture riprendono</translation>
        </message>
        <message>
            <source>Order form: tab no. {count} opened</source>
            <translation>Modulo ordini: aperta la scheda n. {count}</translation>
        </message>
        <message>
            <source>Order form opened</source>
            <translation>Modulo ordini aperto</translation>
        </message>
        <message>
            <source>Everything paused by you</source>
            <translation>Tutto messo in pausa</translation>
        </message>
        <message>
            <source>Syncs released</source>
            <translation>Letture riprese</translation>
        </message>
        <message>
            <source>{account}: the ERP refused the password</source>
            <translation>{account}: l'ERP ha rifiutato la password</translation>
        </message>
        <message>
            <source>Order form: the tab is gone</source>
            <translation>Modulo ordini: la scheda non c'è più</translation>
        </message>
        <message>
            <source>Order form: tab left open without use</source>
            <translation>Modulo ordini: scheda rimasta aperta senza uso</translation>
        </message>
        <message>
            <source>Order form: session ended by you</source>
            <translation>Modulo ordini: sessione chiusa da qui</translation>
        </message>
        <message>
            <source>Order form closed</source>
            <translation>Modulo ordini chiuso</translation>
        </message>
    </context>
</TS>
