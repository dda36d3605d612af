<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="it" sourcelanguage="en">
    <context>
        <name />
        <message>
            <source>before clearing {type}</source>
            <translation>prima di svuotare {type}</translation>
        </message>
        <message>
            <source>before a read was accepted</source>
            <translation>prima di accettare una lettura rifiutata</translation>
        </message>
        <message>
            <source>before new ids</source>
            <translation>prima dei nuovi ID</translation>
        </message>
        <message>
            <source>replaced by a backup</source>
            <translation>sostituito da un backup</translation>
        </message>
        <message>
            <source>Wheel zooms, dragging moves, a double click shows everything again</source>
            <translation>La rotella ingrandisce, trascinando ci si sposta, un doppio clic mostra di nuovo tutto</translation>
        </message>
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
            <translation>{type}: aggiornamento in corso.</translation>
        </message>
        <message>
            <source>&amp;Run anyway</source>
            <translation>&amp;Esegui comunque</translation>
        </message>
        <message>
            <source>R&amp;un anyway</source>
            <translation>Esegui co&amp;munque</translation>
        </message>
        <message>
            <source>Nothing was asked for: {why}</source>
            <translation>Nessuna richiesta accettata: {why}</translation>
        </message>
        <message>
            <source>All lists are in the queue; they start when you resume.</source>
            <translation>Tutti gli elenchi sono in coda; partono con Riprendi.</translation>
        </message>
        <message>
            <source>&amp;Resume</source>
            <translation>&amp;Riprendi</translation>
        </message>
        <message>
            <source>All lists are in the queue; they start when the order form closes.</source>
            <translation>Tutti gli elenchi sono in coda; partono alla chiusura del modulo ordini.</translation>
        </message>
        <message>
            <source>All lists are in the queue; one is read after the other.</source>
            <translation>Tutti gli elenchi sono in coda; si aggiornano uno dopo l'altro.</translation>
        </message>
        <message>
            <source>Nothing is running.</source>
            <translation>Non c'è niente in corso.</translation>
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
            <source>Put it bac&amp;k</source>
            <translation>Rimetti in &amp;coda</translation>
        </message>
        <message>
            <source>The order form's tabs were told; the updates go on.</source>
            <translation>Le schede del modulo ordini sono state avvisate; gli aggiornamenti riprendono.</translation>
        </message>
        <message>
            <source>The order form is not available: the local endpoint is not running.</source>
            <translation>Il modulo ordini non è disponibile: il servizio locale non è attivo.</translation>
        </message>
        <message>
            <source>No browser could be opened for the order form.</source>
            <translation>Non si è riusciti ad aprire un browser per il modulo ordini.</translation>
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
        <message numerus="yes">
            <source>%n account(s)</source>
            <translation>
                <numerusform>%n utente</numerusform>
                <numerusform>%n utenti</numerusform>
            </translation>
        </message>
        <message>
            <source>No account reads this list</source>
            <translation>Nessun utente aggiorna questo elenco</translation>
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
            <translation>Elenco intero, aggiornamento pulito del {time}</translation>
        </message>
        <message>
            <source>Last attempt {time}: {outcome}</source>
            <translation>Ultimo tentativo {time}: {outcome}</translation>
        </message>
        <message>
            <source>Never read</source>
            <translation>Mai aggiornato</translation>
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
            <source>Last: {length}</source>
            <translation>Ultimo: {length}</translation>
        </message>
        <message>
            <source>Usually: {length}</source>
            <translation>Di solito: {length}</translation>
        </message>
        <message numerus="yes">
            <source>%n failed</source>
            <translation>
                <numerusform>%n non riuscito</numerusform>
                <numerusform>%n non riusciti</numerusform>
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
            <translation>{type}: lettura rifiutata</translation>
        </message>
        <message>
            <source>Nothing was changed. Look at what was found and decide.</source>
            <translation>Non è cambiato niente. Controllare la lettura rifiutata e decidere.</translation>
        </message>
        <message>
            <source>{type}: the update failed</source>
            <translation>{type}: aggiornamento non riuscito</translation>
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
            <source>The pause</source>
            <translation>La pausa</translation>
        </message>
        <message>
            <source>Still paused by you</source>
            <translation>Ancora in pausa</translation>
        </message>
        <message>
            <source>Nothing is read until you resume.</source>
            <translation>Non si aggiorna niente fino a Riprendi.</translation>
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
            <source>No sign of life: the waiting updates go on. The form starts again by itself at the next input.</source>
            <translation>Nessun segno di vita: gli aggiornamenti in attesa riprendono. Il modulo riparte da solo al prossimo uso.</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>Apri</translation>
        </message>
        <message>
            <source>&amp;Update now</source>
            <translation>&amp;Aggiorna ora</translation>
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
            <translation>&amp;Rimuovi dalla coda</translation>
        </message>
        <message>
            <source>&amp;Check the refused read</source>
            <translation>&amp;Controlla la lettura rifiutata</translation>
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
            <translation>&amp;Ultimo aggiornamento…</translation>
        </message>
        <message>
            <source>&amp;Interval…</source>
            <translation>&amp;Intervallo…</translation>
        </message>
        <message>
            <source>Update {type} now</source>
            <translation>Aggiorna {type} ora</translation>
        </message>
        <message>
            <source>No account reads this list: enter one in Settings</source>
            <translation>Nessun utente aggiorna questo elenco: indicarne uno nelle impostazioni</translation>
        </message>
        <message>
            <source>Update {type} once more after the run that is active</source>
            <translation>Aggiorna {type} ancora una volta dopo l'aggiornamento in corso</translation>
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
            <translation>Rimuovi {type} dalla coda</translation>
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
            <source>Nothing has happened yet.</source>
            <translation>Non è ancora successo niente.</translation>
        </message>
        <message>
            <source>The lists and how fresh they are</source>
            <translation>Gli elenchi e il loro aggiornamento</translation>
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
            <source>This run is no longer in the history.</source>
            <translation>Questo aggiornamento non è più nella cronologia.</translation>
        </message>
        <message>
            <source>Pages cannot be connected: the local endpoint is not running.</source>
            <translation>Non si possono collegare pagine: il servizio locale non è attivo.</translation>
        </message>
        <message>
            <source>Two order forms are opened</source>
            <translation>Si aprono due moduli ordini</translation>
        </message>
        <message>
            <source>&amp;Other faults</source>
            <translation>&amp;Altri guasti</translation>
        </message>
        <message>
            <source>All is &amp;well again</source>
            <translation>Tutto torna a &amp;posto</translation>
        </message>
        <message>
            <source>Demo form {number}</source>
            <translation>Modulo demo {number}</translation>
        </message>
        <message>
            <source>Demo: all is well again.</source>
            <translation>Demo: tutto è tornato a posto.</translation>
        </message>
        <message>
            <source>Demo: {fault}</source>
            <translation>Demo: {fault}</translation>
        </message>
        <message>
            <source>Archisync goes on in the tray</source>
            <translation>Archisync resta attivo accanto all'orologio</translation>
        </message>
        <message>
            <source>The updates continue. Quit from the icon's menu, or with Ctrl+Q in the window.</source>
            <translation>Gli aggiornamenti continuano. Si esce dal menu dell'icona, o con Ctrl+Q nella finestra.</translation>
        </message>
        <message>
            <source>Archisync goes on, minimised</source>
            <translation>Archisync resta attivo, ridotto a icona</translation>
        </message>
        <message>
            <source>This desktop shows no tray icons. The updates continue; quit with Ctrl+Q in the window.</source>
            <translation>Questo desktop non mostra icone accanto all'orologio. Gli aggiornamenti continuano; si esce con Ctrl+Q nella finestra.</translation>
        </message>
        <message>
            <source>Chan&amp;ge…</source>
            <translation>Cam&amp;bia…</translation>
        </message>
        <message>
            <source>{title} is being read. Quit all the same?</source>
            <translation>Aggiornamento in corso: {title}. Uscire lo stesso?</translation>
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
            <source>The last backup: {backup}.</source>
            <translation>L'ultimo backup: {backup}.</translation>
        </message>
        <message>
            <source>Begin with an &amp;empty archive</source>
            <translation>Ricomincia con un archivio &amp;vuoto</translation>
        </message>
        <message>
            <source>&amp;Restore the last backup</source>
            <translation>&amp;Ripristina l'ultimo backup</translation>
        </message>
        <message>
            <source>{type}, expected at {time}, about {length}</source>
            <translation>{type}, previsto alle {time}, circa {length}</translation>
        </message>
        <message numerus="yes">
            <source>due %n time(s) from {first} to {last}, not read</source>
            <translation>
                <numerusform>previsto %n volta dalle {first} alle {last} e non fatto</numerusform>
                <numerusform>previsto %n volte dalle {first} alle {last} e non fatto</numerusform>
            </translation>
        </message>
        <message>
            <source>due at {time}, not read</source>
            <translation>previsto alle {time} e non fatto</translation>
        </message>
        <message>
            <source>Because: {why}</source>
            <translation>Perché: {why}</translation>
        </message>
        <message>
            <source>Order form open, {span}</source>
            <translation>Modulo ordini aperto, {span}</translation>
        </message>
        <message>
            <source>&amp;Open Archisync</source>
            <translation>&amp;Apri Archisync</translation>
        </message>
        <message>
            <source>Up&amp;date all</source>
            <translation>Aggior&amp;na tutto</translation>
        </message>
        <message>
            <source>Update &amp;one list</source>
            <translation>Aggiorna &amp;un elenco</translation>
        </message>
        <message>
            <source>Welcome to Archisync</source>
            <translation>Benvenuto in Archisync</translation>
        </message>
        <message>
            <source>&amp;Back</source>
            <translation>In&amp;dietro</translation>
        </message>
        <message>
            <source>&amp;Skip</source>
            <translation>&amp;Salta</translation>
        </message>
        <message>
            <source>Archisync keeps a fresh copy of the office's data from the ERP and gives it to the order form. It only reads: nothing in the ERP is ever changed. Which language do you prefer?</source>
            <translation>Archisync tiene una copia aggiornata dei dati dell'ufficio presi dall'ERP e la offre al modulo ordini. Legge soltanto: nell'ERP non cambia mai niente. In quale lingua?</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Lingua</translation>
        </message>
        <message>
            <source>Where is the ERP, and with which account are the lists read?</source>
            <translation>Dove si trova l'ERP, e con quale utente si aggiornano gli elenchi?</translation>
        </message>
        <message>
            <source>Address of the ERP</source>
            <translation>Indirizzo dell'ERP</translation>
        </message>
        <message>
            <source>User name in the ERP</source>
            <translation>Nome utente nell'ERP</translation>
        </message>
        <message>
            <source>Password</source>
            <translation>Password</translation>
        </message>
        <message>
            <source>Just looking? The demo has invented data and an ERP of its own, nothing real.</source>
            <translation>Solo per dare un'occhiata? La demo ha dati inventati e un ERP tutto suo, niente di vero.</translation>
        </message>
        <message>
            <source>Open the &amp;demo</source>
            <translation>Apri la d&amp;emo</translation>
        </message>
        <message>
            <source>Try it: Archisync logs in to the ERP once, for real, and says what it found.</source>
            <translation>Una prova: Archisync entra davvero nell'ERP, una volta, e dice che cosa ha trovato.</translation>
        </message>
        <message>
            <source>&amp;Test login</source>
            <translation>&amp;Prova l'accesso</translation>
        </message>
        <message>
            <source>The order form opens in your browser and gets fresh customers by itself. Pages of your own can be connected later in Settings, Connected pages.</source>
            <translation>Il modulo ordini si apre nel browser e riceve da solo i clienti aggiornati. Altre pagine si possono collegare più tardi in Impostazioni, Pagine collegate.</translation>
        </message>
        <message>
            <source>Open order &amp;form</source>
            <translation>Apri il &amp;modulo ordini</translation>
        </message>
        <message>
            <source>How often is each list read, in minutes? 0: only on request. The usual values suit most offices.</source>
            <translation>Ogni quanti minuti si aggiorna ciascun elenco? 0: solo a richiesta. I valori abituali vanno bene per quasi tutti gli uffici.</translation>
        </message>
        <message>
            <source>Step {at} of {all}</source>
            <translation>Passo {at} di {all}</translation>
        </message>
        <message>
            <source>This is the first step</source>
            <translation>Questo è il primo passo</translation>
        </message>
        <message>
            <source>&amp;Finish</source>
            <translation>&amp;Fine</translation>
        </message>
        <message>
            <source>&amp;Next</source>
            <translation>A&amp;vanti</translation>
        </message>
        <message>
            <source>The demo cannot be opened from here.</source>
            <translation>La demo non si può aprire da qui.</translation>
        </message>
        <message>
            <source>The demo opens in a window of its own. This one waits here.</source>
            <translation>La demo si apre in una finestra sua. Questa resta qui ad aspettare.</translation>
        </message>
        <message>
            <source>The system did not start the demo. Start it by hand: archisync-gui --demo</source>
            <translation>Il sistema non ha avviato la demo. Avviarla a mano: archisync-gui --demo</translation>
        </message>
        <message>
            <source>{no_keyring} Settings can keep it in a file.</source>
            <translation>{no_keyring} Nelle Impostazioni si può conservarla in un file.</translation>
        </message>
        <message>
            <source>Enter address and account in the step before.</source>
            <translation>Indicare indirizzo e utente nel passo precedente.</translation>
        </message>
        <message>
            <source>The test is running</source>
            <translation>La prova è in corso</translation>
        </message>
        <message>
            <source>logging in…</source>
            <translation>accesso in corso…</translation>
        </message>
        <message>
            <source>&amp;Pause all</source>
            <translation>&amp;Metti in pausa</translation>
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
            <source>Order form</source>
            <comment>button</comment>
            <translation>Modulo ordini</translation>
        </message>
        <message>
            <source>Open the order form in the browser (Ctrl+N)</source>
            <translation>Apri il modulo ordini nel browser (Ctrl+N)</translation>
        </message>
        <message>
            <source>Open order form tabs</source>
            <translation>Schede aperte del modulo ordini</translation>
        </message>
        <message>
            <source>No order form is open.</source>
            <translation>Nessun modulo ordini è aperto.</translation>
        </message>
        <message>
            <source>Ending a session closes no tab: the form goes on with stored data and can start again.</source>
            <translation>Chiudere una sessione non chiude la scheda: il modulo continua con i dati in archivio e può ripartire.</translation>
        </message>
        <message>
            <source>End this &amp;session</source>
            <translation>Termina questa &amp;sessione</translation>
        </message>
        <message>
            <source>End &amp;all</source>
            <translation>Termina &amp;tutte</translation>
        </message>
        <message>
            <source>&amp;Close</source>
            <translation>C&amp;hiudi</translation>
        </message>
        <message>
            <source>No order form is open</source>
            <translation>Nessun modulo ordini è aperto</translation>
        </message>
        <message>
            <source>Why is nothing running?</source>
            <translation>Perché non parte niente?</translation>
        </message>
        <message>
            <source>&amp;Now</source>
            <translation>&amp;Adesso</translation>
        </message>
        <message>
            <source>Moment to explain</source>
            <translation>Momento da spiegare</translation>
        </message>
        <message>
            <source>&amp;Explain this moment</source>
            <translation>&amp;Spiega questo momento</translation>
        </message>
        <message>
            <source>or at</source>
            <translation>oppure</translation>
        </message>
        <message>
            <source>At {time}: </source>
            <translation>{time}: </translation>
        </message>
        <message>
            <source>{time} · {type} ({length})</source>
            <translation>{time} · {type} ({length})</translation>
        </message>
        <message>
            <source>What comes next:</source>
            <translation>Che cosa viene dopo:</translation>
        </message>
        <message>
            <source>Connect a page</source>
            <translation>Collega una pagina</translation>
        </message>
        <message>
            <source>In the page that wants to connect, press Connect. It shows six digits: type them here.</source>
            <translation>Nella pagina da collegare premere Collega. Compaiono sei cifre: scriverle qui.</translation>
        </message>
        <message>
            <source>Six digits</source>
            <translation>Sei cifre</translation>
        </message>
        <message>
            <source>For which account</source>
            <translation>Per quale utente</translation>
        </message>
        <message>
            <source>C&amp;onnect</source>
            <translation>&amp;Collega</translation>
        </message>
        <message>
            <source>Type the six digits first</source>
            <translation>Prima scrivere le sei cifre</translation>
        </message>
        <message>
            <source>a page without a name</source>
            <translation>una pagina senza nome</translation>
        </message>
        <message>
            <source>a program</source>
            <translation>un programma</translation>
        </message>
        <message>
            <source>Waiting to be let in:</source>
            <translation>In attesa di entrare:</translation>
        </message>
        <message>
            <source>No page has asked yet.</source>
            <translation>Nessuna pagina ha ancora chiesto di entrare.</translation>
        </message>
        <message>
            <source>The time is over. Close this window and start again.</source>
            <translation>Il tempo è scaduto. Chiudere questa finestra e ricominciare.</translation>
        </message>
        <message>
            <source>The time is over</source>
            <translation>Il tempo è scaduto</translation>
        </message>
        <message numerus="yes">
            <source>{time} left · %n attempt(s) left</source>
            <translation>
                <numerusform>ancora {time} · %n tentativo</numerusform>
                <numerusform>ancora {time} · %n tentativi</numerusform>
            </translation>
        </message>
        <message>
            <source>{name} is connected.</source>
            <translation>{name}: collegata.</translation>
        </message>
        <message>
            <source>Clear {type} and read again</source>
            <translation>Svuota e aggiorna da capo: {type}</translation>
        </message>
        <message>
            <source> of {account}</source>
            <translation> di {account}</translation>
        </message>
        <message numerus="yes">
            <source>%n stored row(s){whose} are removed and the list is read again from the ERP. Until that is done the order form finds nothing of it. The change history stays, a backup is made first; nothing in the ERP changes.</source>
            <translation>
                <numerusform>%n riga in archivio{whose} viene rimossa e l'elenco si aggiorna da capo dall'ERP. Fino ad allora il modulo ordini non lo vedrà. La cronologia delle modifiche resta, prima si fa un backup; nell'ERP non cambia niente.</numerusform>
                <numerusform>%n righe in archivio{whose} vengono rimosse e l'elenco si aggiorna da capo dall'ERP. Fino ad allora il modulo ordini non lo vedrà. La cronologia delle modifiche resta, prima si fa un backup; nell'ERP non cambia niente.</numerusform>
            </translation>
        </message>
        <message>
            <source>To confirm, type: {name}</source>
            <translation>Per confermare, scrivere: {name}</translation>
        </message>
        <message>
            <source>Name of the list</source>
            <translation>Nome dell'elenco</translation>
        </message>
        <message>
            <source>Clear and &amp;read again</source>
            <translation>Svuota e agg&amp;iorna</translation>
        </message>
        <message>
            <source>&amp;Leave as it is</source>
            <translation>&amp;Lascia così</translation>
        </message>
        <message>
            <source>Type the list's name first</source>
            <translation>Prima scrivere il nome dell'elenco</translation>
        </message>
        <message>
            <source>Archisync did not close properly last time</source>
            <translation>L'ultima volta Archisync non si è chiuso come doveva</translation>
        </message>
        <message>
            <source>The stored data were checked and are sound. If this happens again, copy the report and send it to whoever looks after Archisync; it holds no passwords.</source>
            <translation>I dati in archivio sono stati controllati e sono integri. Se succede ancora, copiare il rapporto e mandarlo a chi segue Archisync; non contiene password.</translation>
        </message>
        <message>
            <source>Report</source>
            <translation>Rapporto</translation>
        </message>
        <message>
            <source>C&amp;opy the report</source>
            <translation>C&amp;opia il rapporto</translation>
        </message>
        <message>
            <source>Copied</source>
            <translation>Copiato</translation>
        </message>
        <message>
            <source>Diagnostics bundle</source>
            <translation>Pacchetto di diagnostica</translation>
        </message>
        <message>
            <source>A file to send to whoever helps you. Passwords, tokens and personal data (names, addresses, phone numbers, e-mail) are taken out. It holds:</source>
            <translation>Un file da mandare a chi dà assistenza. Password, chiavi e dati personali (nomi, indirizzi, telefoni, e-mail) vengono tolti. Contiene:</translation>
        </message>
        <message>
            <source>Contents</source>
            <translation>Contenuto</translation>
        </message>
        <message>
            <source>&amp;Save…</source>
            <translation>&amp;Salva…</translation>
        </message>
        <message>
            <source>Save diagnostics</source>
            <translation>Salva la diagnostica</translation>
        </message>
        <message>
            <source>Try a &amp;fault</source>
            <translation>Pro&amp;va un guasto</translation>
        </message>
        <message>
            <source>&amp;Why?</source>
            <translation>Perc&amp;hé?</translation>
        </message>
        <message>
            <source>Why does this run, or why does nothing run?</source>
            <translation>Perché questo aggiornamento, o perché non parte niente?</translation>
        </message>
        <message>
            <source>&amp;Cancel</source>
            <translation>&amp;Annulla</translation>
        </message>
        <message>
            <source>Read all lists, one after the other (F5)</source>
            <translation>Aggiorna tutti gli elenchi, uno dopo l'altro (F5)</translation>
        </message>
        <message>
            <source>Progress of the active run</source>
            <translation>Avanzamento dell'aggiornamento in corso</translation>
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
            <translation>Interrompe l'aggiornamento in corso; i dati in archivio restano come sono</translation>
        </message>
        <message>
            <source>Nothing is running</source>
            <translation>Non c'è niente in corso</translation>
        </message>
        <message>
            <source>Let the updates start again</source>
            <translation>Fa ripartire gli aggiornamenti</translation>
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
            <translation>l'aggiornamento in corso viene chiuso in ordine</translation>
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
            <source>Ta&amp;bs…</source>
            <translation>Sch&amp;ede…</translation>
        </message>
        <message>
            <source>Which tabs are open, since when, and their last sign of life</source>
            <translation>Quali schede sono aperte, da quando, e il loro ultimo segno di vita</translation>
        </message>
        <message>
            <source>End &amp;now</source>
            <translation>Termina &amp;ora</translation>
        </message>
        <message>
            <source>End all sessions: the waiting updates go on</source>
            <translation>Termina tutte le sessioni: gli aggiornamenti in attesa riprendono</translation>
        </message>
        <message>
            <source>ERP and accounts</source>
            <translation>ERP e utenti</translation>
        </message>
        <message>
            <source>Intervals</source>
            <translation>Intervalli</translation>
        </message>
        <message>
            <source>Order form</source>
            <translation>Modulo ordini</translation>
        </message>
        <message>
            <source>Connected pages</source>
            <translation>Pagine collegate</translation>
        </message>
        <message>
            <source>Notifications</source>
            <translation>Notifiche</translation>
        </message>
        <message>
            <source>Appearance</source>
            <translation>Aspetto</translation>
        </message>
        <message>
            <source>Data and backups</source>
            <translation>Dati e backup</translation>
        </message>
        <message>
            <source>As the system</source>
            <translation>Come il sistema</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Chiaro</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Scuro</translation>
        </message>
        <message>
            <source>There is no keyring, or it does not answer: the password is forgotten when Archisync is closed.</source>
            <translation>Non c'è un portachiavi, o non risponde: la password si perde quando Archisync si chiude.</translation>
        </message>
        <message>
            <source>min</source>
            <translation>min</translation>
        </message>
        <message>
            <source>s</source>
            <translation>s</translation>
        </message>
        <message>
            <source>days</source>
            <translation>giorni</translation>
        </message>
        <message>
            <source>automatic</source>
            <translation>automatica</translation>
        </message>
        <message>
            <source>off, on request only</source>
            <translation>spento, solo a richiesta</translation>
        </message>
        <message>
            <source>Mon</source>
            <translation>lun</translation>
        </message>
        <message>
            <source>Tue</source>
            <translation>mar</translation>
        </message>
        <message>
            <source>Wed</source>
            <translation>mer</translation>
        </message>
        <message>
            <source>Thu</source>
            <translation>gio</translation>
        </message>
        <message>
            <source>Fri</source>
            <translation>ven</translation>
        </message>
        <message>
            <source>Sat</source>
            <translation>sab</translation>
        </message>
        <message>
            <source>Sun</source>
            <translation>dom</translation>
        </message>
        <message>
            <source>Password…</source>
            <translation>Password…</translation>
        </message>
        <message>
            <source>Password of {account}</source>
            <translation>Password di {account}</translation>
        </message>
        <message>
            <source>Test login</source>
            <translation>Prova l'accesso</translation>
        </message>
        <message>
            <source>Test login of {account}</source>
            <translation>Prova l'accesso di {account}</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>Rimuovi</translation>
        </message>
        <message>
            <source>Remove {account}</source>
            <translation>Rimuovi {account}</translation>
        </message>
        <message>
            <source>Keep in a file</source>
            <translation>Conserva in un file</translation>
        </message>
        <message>
            <source>Keep the password of {account} in a file</source>
            <translation>Conserva in un file la password di {account}</translation>
        </message>
        <message>
            <source>A file in the data folder that only you can read; whoever has your disk can read it too</source>
            <translation>Un file nella cartella dei dati che solo il suo utente può leggere; chi ha in mano il disco può leggerlo lo stesso</translation>
        </message>
        <message>
            <source>The demo's accounts have their passwords</source>
            <translation>Gli utenti della demo hanno già la loro password</translation>
        </message>
        <message>
            <source>demo account</source>
            <translation>utente della demo</translation>
        </message>
        <message>
            <source>no password yet</source>
            <translation>ancora senza password</translation>
        </message>
        <message>
            <source>password stored in a file, not in a keyring</source>
            <translation>password conservata in un file, non in un portachiavi</translation>
        </message>
        <message>
            <source>Type the user name first.</source>
            <translation>Prima scrivere il nome utente.</translation>
        </message>
        <message>
            <source>Remove the account {account}?</source>
            <translation>Rimuovere l'utente {account}?</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>&amp;Rimuovi</translation>
        </message>
        <message>
            <source>The local endpoint is not running</source>
            <translation>Il servizio locale non è attivo</translation>
        </message>
        <message>
            <source>No outside page is connected. The order form needs none.</source>
            <translation>Nessuna pagina esterna è collegata. Il modulo ordini non ne ha bisogno.</translation>
        </message>
        <message>
            <source>last used {time}</source>
            <translation>ultimo uso {time}</translation>
        </message>
        <message>
            <source>Revoke</source>
            <translation>Revoca</translation>
        </message>
        <message>
            <source>Revoke {name}</source>
            <translation>Revoca {name}</translation>
        </message>
        <message>
            <source>Keep {name} out from now on?</source>
            <translation>Non far più entrare {name}?</translation>
        </message>
        <message>
            <source>It can be connected again later.</source>
            <translation>Si potrà ricollegare più tardi.</translation>
        </message>
        <message>
            <source>&amp;Revoke</source>
            <translation>&amp;Revoca</translation>
        </message>
        <message>
            <source>Groups of settings</source>
            <translation>Gruppi di impostazioni</translation>
        </message>
        <message>
            <source>Accounts</source>
            <translation>Utenti</translation>
        </message>
        <message>
            <source>Open data fo&amp;lder</source>
            <translation>Apri la &amp;cartella dei dati</translation>
        </message>
        <message>
            <source>&amp;Restore this backup…</source>
            <translation>&amp;Ripristina questo backup…</translation>
        </message>
        <message>
            <source>No backup yet</source>
            <translation>Ancora nessun backup</translation>
        </message>
        <message>
            <source>With these intervals the ERP is busy {percent} % of the time: above 70 % lists will be late. Choose longer intervals.</source>
            <translation>Con questi intervalli l'ERP è occupato per il {percent} % del tempo: oltre il 70 % gli elenchi arrivano in ritardo. Scegliere intervalli più lunghi.</translation>
        </message>
        <message>
            <source>With these intervals the ERP is busy about {percent} % of the time.</source>
            <translation>Con questi intervalli l'ERP è occupato per circa il {percent} % del tempo.</translation>
        </message>
        <message>
            <source>A sound copy of the whole archive</source>
            <translation>Una copia integra di tutto l'archivio</translation>
        </message>
        <message>
            <source>Folder: {path}</source>
            <translation>Cartella: {path}</translation>
        </message>
        <message>
            <source>Archive {size} MB</source>
            <translation>Archivio {size} MB</translation>
        </message>
        <message>
            <source>A backup is being made</source>
            <translation>Backup in corso</translation>
        </message>
        <message>
            <source>Backup made: {name}</source>
            <translation>Backup fatto: {name}</translation>
        </message>
        <message>
            <source>Restore the archive of {backup}?</source>
            <translation>Ripristinare l'archivio del {backup}?</translation>
        </message>
        <message>
            <source>What was read since is read again from the ERP; changes seen since are no longer in the history. The present archive is kept as a backup, the order form's drafts stay. Archisync starts anew.</source>
            <translation>Quello che è cambiato da allora si aggiorna di nuovo dall'ERP; le modifiche viste da allora non sono più nella cronologia. L'archivio di adesso resta tra i backup, le bozze del modulo ordini rimangono. Archisync si riavvia.</translation>
        </message>
        <message>
            <source>&amp;Restore</source>
            <translation>&amp;Ripristina</translation>
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
            <source>ERP does not answer</source>
            <translation>L'ERP non risponde</translation>
        </message>
        <message>
            <source>ERP connected as {account}</source>
            <translation>ERP collegato come {account}</translation>
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
            <source>by Archisync itself</source>
            <translation>fatto da Archisync</translation>
        </message>
        <message>
            <source>Backups</source>
            <translation>Backup</translation>
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
            <translation>riga {key}</translation>
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
            <translation>Riuscito</translation>
        </message>
        <message>
            <source>Done, data moved meanwhile</source>
            <translation>Riuscito, dati in movimento</translation>
        </message>
        <message>
            <source>Refused</source>
            <translation>Rifiutato</translation>
        </message>
        <message>
            <source>Failed</source>
            <translation>Non riuscito</translation>
        </message>
        <message>
            <source>Cancelled</source>
            <translation>Annullato</translation>
        </message>
        <message>
            <source>Skipped</source>
            <translation>Saltato</translation>
        </message>
        <message>
            <source>Interrupted</source>
            <translation>Interrotto</translation>
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
            <source>no network</source>
            <translation>manca la rete</translation>
        </message>
        <message>
            <source>the computer slept</source>
            <translation>il computer era in sospensione</translation>
        </message>
        <message>
            <source>Archisync was not open</source>
            <translation>Archisync non era aperto</translation>
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
            <translation>In attesa · {why}</translation>
        </message>
        <message>
            <source>Waiting · {why}</source>
            <translation>In attesa · {why}</translation>
        </message>
        <message>
            <source>Stopped · {why}</source>
            <translation>Fermo · {why}</translation>
        </message>
        <message>
            <source>Failed · {why}</source>
            <translation>Non riuscito · {why}</translation>
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
            <source>Unsure</source>
            <translation>Incerto</translation>
        </message>
        <message>
            <source>being read</source>
            <translation>in aggiornamento</translation>
        </message>
        <message>
            <source>when the password is right</source>
            <translation>dopo la nuova password</translation>
        </message>
        <message>
            <source>when you decide</source>
            <translation>dopo la decisione</translation>
        </message>
        <message>
            <source>when you resume</source>
            <translation>dopo Riprendi</translation>
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
            <source>being ended at the next safe point</source>
            <translation>si sta fermando al primo punto sicuro</translation>
        </message>
        <message numerus="yes">
            <source>%n attempt(s)</source>
            <translation>
                <numerusform>%n tentativo</numerusform>
                <numerusform>%n tentativi</numerusform>
            </translation>
        </message>
        <message>
            <source>{title}: {part} %, about {time} left</source>
            <translation>{title}: {part} %, ancora circa {time}</translation>
        </message>
        <message>
            <source>{title}: cancelled, nothing was written.</source>
            <translation>{title}: annullato, non è stato scritto nulla.</translation>
        </message>
        <message numerus="yes">
            <source>%n row(s)</source>
            <translation>
                <numerusform>%n riga</numerusform>
                <numerusform>%n righe</numerusform>
            </translation>
        </message>
        <message>
            <source>ERP silent</source>
            <translation>l'ERP non risponde</translation>
        </message>
        <message>
            <source>page changed</source>
            <translation>pagina cambiata</translation>
        </message>
        <message>
            <source>form open</source>
            <translation>modulo aperto</translation>
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
            <source>Enter acco&amp;unt…</source>
            <translation>Inserisci &amp;utente…</translation>
        </message>
        <message>
            <source>Chec&amp;k the read…</source>
            <translation>Controlla &amp;la lettura…</translation>
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
            <translation>{text}, in aggiornamento</translation>
        </message>
        <message>
            <source>late lists pass one at a time</source>
            <translation>gli elenchi in ritardo passano uno alla volta</translation>
        </message>
        <message>
            <source>goes on from page {page}</source>
            <translation>riprende da pag. {page}</translation>
        </message>
        <message>
            <source>{type} is in the queue at place {place}: {why}.</source>
            <translation>{type}: in coda al posto {place}, {why}.</translation>
        </message>
        <message>
            <source>nothing new</source>
            <translation>nessuna novità</translation>
        </message>
        <message>
            <source>Data moved while they were read</source>
            <translation>I dati cambiavano durante l'aggiornamento</translation>
        </message>
        <message>
            <source>It is tried again</source>
            <translation>Si riprova</translation>
        </message>
        <message>
            <source>{name} suspended at page {page} of {pages} for the order form</source>
            <translation>{name}: in attesa da pagina {page} di {pages} per il modulo ordini</translation>
        </message>
        <message>
            <source>{name} suspended for the order form</source>
            <translation>{name}: in attesa per il modulo ordini</translation>
        </message>
        <message>
            <source>{name} goes on</source>
            <translation>{name}: l'aggiornamento continua</translation>
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
            <source>Updates resumed</source>
            <translation>Aggiornamenti ripresi</translation>
        </message>
        <message numerus="yes">
            <source>%n list(s) due meanwhile ({why}): each is read once</source>
            <translation>
                <numerusform>%n elenco era da aggiornare nel frattempo ({why}): si aggiorna una volta sola</numerusform>
                <numerusform>%n elenchi erano da aggiornare nel frattempo ({why}): ognuno si aggiorna una volta sola</numerusform>
            </translation>
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
        <message>
            <source>Duration, seconds</source>
            <translation>Durata, secondi</translation>
        </message>
        <message>
            <source>Went well, % of a day's runs</source>
            <translation>Riusciti, % al giorno</translation>
        </message>
        <message>
            <source>Rows changed in a day</source>
            <translation>Righe cambiate al giorno</translation>
        </message>
        <message>
            <source>{day}: {good} of {all}</source>
            <translation>{day}: {good} su {all}</translation>
        </message>
        <message>
            <source>List</source>
            <translation>Elenco</translation>
        </message>
        <message>
            <source>Account</source>
            <translation>Utente</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>Cerca</translation>
        </message>
        <message>
            <source>Columns</source>
            <translation>Colonne</translation>
        </message>
        <message>
            <source>&amp;Export…</source>
            <translation>&amp;Esporta…</translation>
        </message>
        <message>
            <source>Save what is shown as CSV or Excel file</source>
            <translation>Salva ciò che si vede come file CSV o Excel</translation>
        </message>
        <message>
            <source>Read this record &amp;again</source>
            <translation>Aggiorna &amp;questa riga</translation>
        </message>
        <message>
            <source>Stored rows</source>
            <translation>Righe in archivio</translation>
        </message>
        <message>
            <source>Latest changes of this record</source>
            <translation>Ultime modifiche di questa riga</translation>
        </message>
        <message>
            <source>Nothing stored yet: the list is here after its first read.</source>
            <translation>Ancora niente in archivio: l'elenco compare dopo il primo aggiornamento.</translation>
        </message>
        <message>
            <source>No account: nothing is stored.</source>
            <translation>Nessun utente: l'archivio è vuoto.</translation>
        </message>
        <message>
            <source>Choose a row first</source>
            <translation>Prima scegliere una riga</translation>
        </message>
        <message>
            <source>This list is being read: wait for its end, or cancel it</source>
            <translation>Questo elenco è in aggiornamento: aspettare la fine, o annullarlo</translation>
        </message>
        <message>
            <source>Removes the stored rows (with a backup) and reads the list anew</source>
            <translation>Rimuove le righe in archivio (con un backup) e aggiorna l'elenco da capo</translation>
        </message>
        <message>
            <source>Not available here</source>
            <translation>Qui non è disponibile</translation>
        </message>
        <message>
            <source>A list is being read: wait for its end, or cancel it</source>
            <translation>Un elenco è in aggiornamento: aspettare che finisca, o annullare</translation>
        </message>
        <message>
            <source>The archive becomes what it was then; the present one is kept as a backup</source>
            <translation>L'archivio torna com'era allora; quello di adesso resta tra i backup</translation>
        </message>
        <message>
            <source>{type}: cleared; it is being read again.</source>
            <translation>{type}: svuotato; aggiornamento in corso.</translation>
        </message>
        <message>
            <source>Export {type}</source>
            <translation>Esporta {type}</translation>
        </message>
        <message>
            <source>{time} · new</source>
            <translation>{time} · nuova</translation>
        </message>
        <message>
            <source>{time} · gone from the ERP</source>
            <translation>{time} · sparita dall'ERP</translation>
        </message>
        <message>
            <source>{time} · back in the ERP</source>
            <translation>{time} · tornata nell'ERP</translation>
        </message>
        <message>
            <source>{time} · new id: {before} → {after}</source>
            <translation>{time} · nuovo ID: {before} → {after}</translation>
        </message>
        <message>
            <source>{time} · {name}: {before} → {after}</source>
            <translation>{time} · {name}: {before} → {after}</translation>
        </message>
        <message>
            <source>No order form was opened.</source>
            <translation>Nessun modulo ordini aperto.</translation>
        </message>
        <message numerus="yes">
            <source>%n form(s)</source>
            <translation>
                <numerusform>%n modulo</numerusform>
                <numerusform>%n moduli</numerusform>
            </translation>
        </message>
        <message>
            <source>customers in {seconds} s</source>
            <translation>clienti in {seconds} s</translation>
        </message>
        <message>
            <source>others put off by {time}</source>
            <translation>altri rimandati di {time}</translation>
        </message>
        <message>
            <source>New customers</source>
            <translation>Nuovi clienti</translation>
        </message>
        <message>
            <source>None.</source>
            <translation>Nessuno.</translation>
        </message>
        <message>
            <source>Item</source>
            <translation>Articolo</translation>
        </message>
        <message>
            <source>Before</source>
            <translation>Prima</translation>
        </message>
        <message>
            <source>Now</source>
            <translation>Adesso</translation>
        </message>
        <message>
            <source>Change</source>
            <translation>Differenza</translation>
        </message>
        <message>
            <source>Invoices due within 7 days</source>
            <translation>Scadenze entro 7 giorni</translation>
        </message>
        <message>
            <source>Save as PDF, Excel or CSV file</source>
            <translation>Salva come file PDF, Excel o CSV</translation>
        </message>
        <message>
            <source>Archisync is still starting.</source>
            <translation>Archisync si sta ancora avviando.</translation>
        </message>
        <message>
            <source>Outcome</source>
            <translation>Esito</translation>
        </message>
        <message>
            <source>Asked</source>
            <translation>Richiesta</translation>
        </message>
        <message>
            <source>Started</source>
            <translation>Inizio</translation>
        </message>
        <message>
            <source>Ended</source>
            <translation>Fine</translation>
        </message>
        <message>
            <source>Data as of</source>
            <translation>Dati aggiornati al</translation>
        </message>
        <message>
            <source>Attempt</source>
            <translation>Tentativo</translation>
        </message>
        <message>
            <source>Rows</source>
            <translation>Righe</translation>
        </message>
        <message>
            <source>Suspended</source>
            <translation>In attesa</translation>
        </message>
        <message>
            <source>Number</source>
            <translation>Numero</translation>
        </message>
        <message>
            <source>Warnings:</source>
            <translation>Avvisi:</translation>
        </message>
        <message>
            <source>{type}, {time}</source>
            <translation>{type}, {time}</translation>
        </message>
        <message>
            <source>&amp;Warnings</source>
            <translation>&amp;Avvisi</translation>
        </message>
        <message>
            <source>&amp;Technical</source>
            <translation>&amp;Tecnico</translation>
        </message>
        <message>
            <source>&amp;Log lines</source>
            <translation>&amp;Registro</translation>
        </message>
        <message>
            <source>reading…</source>
            <translation>caricamento…</translation>
        </message>
        <message>
            <source>&amp;Update again</source>
            <translation>Aggiorna di n&amp;uovo</translation>
        </message>
        <message>
            <source>&amp;Run</source>
            <translation>&amp;Sintesi</translation>
        </message>
        <message>
            <source>Screenshot of the ERP's page</source>
            <translation>Immagine della pagina dell'ERP</translation>
        </message>
        <message>
            <source>The picture is no longer there (pictures are kept for 14 days).</source>
            <translation>L'immagine non c'è più (si conservano per 14 giorni).</translation>
        </message>
        <message>
            <source>&amp;Open large</source>
            <translation>Apri in &amp;grande</translation>
        </message>
        <message>
            <source>The picture is no longer there</source>
            <translation>L'immagine non c'è più</translation>
        </message>
        <message>
            <source>&amp;Picture</source>
            <translation>&amp;Immagine</translation>
        </message>
        <message>
            <source>The log has no line of this run (any more).</source>
            <translation>Il registro non ha (più) righe di questo aggiornamento.</translation>
        </message>
        <message>
            <source>Copied.</source>
            <translation>Copiato.</translation>
        </message>
        <message>
            <source>Export run</source>
            <translation>Esporta l'aggiornamento</translation>
        </message>
        <message>
            <source>Saved as {name}.</source>
            <translation>Salvato come {name}.</translation>
        </message>
        <message>
            <source>Asked by</source>
            <translation>Richiesta</translation>
        </message>
        <message>
            <source>Duration</source>
            <translation>Durata</translation>
        </message>
        <message>
            <source>Error</source>
            <translation>Errore</translation>
        </message>
        <message numerus="yes">
            <source>%n warning(s)</source>
            <translation>
                <numerusform>%n avviso</numerusform>
                <numerusform>%n avvisi</numerusform>
            </translation>
        </message>
        <message>
            <source>All lists</source>
            <translation>Tutti gli elenchi</translation>
        </message>
        <message>
            <source>Any outcome</source>
            <translation>Qualsiasi esito</translation>
        </message>
        <message>
            <source>All that went wrong</source>
            <translation>Tutto ciò che è andato male</translation>
        </message>
        <message>
            <source>Asked by anyone</source>
            <translation>Qualsiasi richiesta</translation>
        </message>
        <message>
            <source>Any time</source>
            <translation>Qualsiasi data</translation>
        </message>
        <message>
            <source>Today</source>
            <translation>Oggi</translation>
        </message>
        <message>
            <source>Last 7 days</source>
            <translation>Ultimi 7 giorni</translation>
        </message>
        <message>
            <source>Last 30 days</source>
            <translation>Ultimi 30 giorni</translation>
        </message>
        <message>
            <source>From … to …</source>
            <translation>Dal … al …</translation>
        </message>
        <message>
            <source>Period</source>
            <translation>Periodo</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Dal</translation>
        </message>
        <message>
            <source>To</source>
            <translation>Al</translation>
        </message>
        <message>
            <source>Runs</source>
            <translation>Aggiornamenti</translation>
        </message>
        <message>
            <source>C&amp;harts</source>
            <translation>Gra&amp;fici</translation>
        </message>
        <message>
            <source>Save these runs as CSV or Excel file</source>
            <translation>Salva questi aggiornamenti come file CSV o Excel</translation>
        </message>
        <message>
            <source>Show &amp;more</source>
            <translation>Mo&amp;stra altri</translation>
        </message>
        <message>
            <source>No run matches. Choose another list, outcome or period above.</source>
            <translation>Nessun aggiornamento corrisponde. Scegliere sopra un altro elenco, esito o periodo.</translation>
        </message>
        <message>
            <source>There are no older ones</source>
            <translation>Non ce ne sono di più vecchie</translation>
        </message>
        <message numerus="yes">
            <source>%n run(s)</source>
            <translation>
                <numerusform>%n aggiornamento</numerusform>
                <numerusform>%n aggiornamenti</numerusform>
            </translation>
        </message>
        <message>
            <source>Export runs</source>
            <translation>Esporta gli aggiornamenti</translation>
        </message>
        <message>
            <source>runs</source>
            <translation>aggiornamenti</translation>
        </message>
        <message>
            <source>Seconds</source>
            <translation>Secondi</translation>
        </message>
        <message>
            <source>New</source>
            <translation>Nuovi</translation>
        </message>
        <message>
            <source>Changed</source>
            <translation>Cambiati</translation>
        </message>
        <message>
            <source>Gone</source>
            <translation>Spariti</translation>
        </message>
        <message>
            <source>Technical</source>
            <translation>Tecnico</translation>
        </message>
        <message>
            <source>Everything</source>
            <translation>Tutto</translation>
        </message>
        <message>
            <source>Warnings and errors</source>
            <translation>Avvisi ed errori</translation>
        </message>
        <message>
            <source>Errors only</source>
            <translation>Solo errori</translation>
        </message>
        <message>
            <source>Level</source>
            <translation>Livello</translation>
        </message>
        <message>
            <source>Search in the log</source>
            <translation>Cerca nel registro</translation>
        </message>
        <message>
            <source>Op&amp;en folder</source>
            <translation>Apri &amp;cartella</translation>
        </message>
        <message>
            <source>Log lines</source>
            <translation>Righe del registro</translation>
        </message>
        <message>
            <source>All of it is in {path}</source>
            <translation>Tutto il registro è in {path}</translation>
        </message>
        <message>
            <source>There is no log file</source>
            <translation>Non c'è un file di registro</translation>
        </message>
        <message>
            <source>Make a file to send to whoever helps you; what is in it is shown first</source>
            <translation>Prepara un file da mandare a chi dà assistenza; prima si vede che cosa contiene</translation>
        </message>
        <message>
            <source>The folder could not be opened: {path}</source>
            <translation>Non si è riusciti ad aprire la cartella: {path}</translation>
        </message>
        <message>
            <source>&amp;2 hours</source>
            <translation>&amp;2 ore</translation>
        </message>
        <message>
            <source>Da&amp;y</source>
            <comment>span</comment>
            <translation>&amp;Giorno</translation>
        </message>
        <message>
            <source>C&amp;loser</source>
            <translation>&amp;Ingrandisci</translation>
        </message>
        <message>
            <source>W&amp;ider</source>
            <translation>Ri&amp;duci</translation>
        </message>
        <message>
            <source>Show less time (mouse wheel, or +)</source>
            <translation>Mostra meno tempo (rotella del mouse, o +)</translation>
        </message>
        <message>
            <source>Show more time (mouse wheel, or −)</source>
            <translation>Mostra più tempo (rotella del mouse, o −)</translation>
        </message>
        <message>
            <source>Timeline of runs</source>
            <translation>Linea del tempo degli aggiornamenti</translation>
        </message>
        <message>
            <source>Blue: runs · red: failed or refused · thin line: suspended · grey: nothing read · cross: due and not read · violet: order form open · dotted: expected. Wheel zooms, dragging moves, a click explains.</source>
            <translation>Blu: aggiornamenti · rosso: non riusciti o rifiutati · linea sottile: in attesa · grigio: niente aggiornato · croce: previsti e non fatti · viola: modulo ordini aperto · tratteggio: in arrivo. La rotella ingrandisce, trascinando ci si sposta, un clic spiega.</translation>
        </message>
        <message numerus="yes">
            <source>These %n row(s) would vanish</source>
            <translation>
                <numerusform>Sparirebbe %n riga</numerusform>
                <numerusform>Sparirebbero %n righe</numerusform>
            </translation>
        </message>
        <message>
            <source>all of {names}</source>
            <translation>tutte quelle di {names}</translation>
        </message>
        <message>
            <source>By year</source>
            <translation>Per anno</translation>
        </message>
        <message>
            <source>By customer</source>
            <translation>Per cliente</translation>
        </message>
        <message>
            <source>By first letter</source>
            <translation>Per iniziale</translation>
        </message>
        <message>
            <source>{name}: {gone} of {all}</source>
            <translation>{name}: {gone} di {all}</translation>
        </message>
        <message>
            <source>The list changed while it was being read, {count} times in a row. New and changed rows were stored; nothing was marked as gone. Read it again at a calmer moment.</source>
            <translation>L'elenco è cambiato durante l'aggiornamento, {count} volte di seguito. Le righe nuove e cambiate sono in archivio; nessuna è stata segnata come sparita. Aggiornarlo di nuovo in un momento più tranquillo.</translation>
        </message>
        <message>
            <source>Group by</source>
            <translation>Raggruppa</translation>
        </message>
        <message>
            <source>Filters found: {text}</source>
            <translation>Filtri trovati: {text}</translation>
        </message>
        <message>
            <source>Try the same &amp;once</source>
            <translation>&amp;Riprova una volta la stessa</translation>
        </message>
        <message>
            <source>&amp;Enter password…</source>
            <translation>Scrivi la &amp;password…</translation>
        </message>
        <message>
            <source>Re-&amp;key…</source>
            <translation>Nuovi &amp;ID…</translation>
        </message>
        <message>
            <source>The rows get their new ids; their history stays. A backup is made first</source>
            <translation>Le righe ricevono i nuovi ID; la loro storia resta. Prima si fa un backup</translation>
        </message>
        <message>
            <source>Only a read with fewer rows can be accepted, for 24 hours, exactly as it was read</source>
            <translation>Si può accettare solo una lettura rifiutata con meno righe, per 24 ore, esattamente com'era</translation>
        </message>
        <message>
            <source>&amp;Read again</source>
            <translation>Aggiorna di n&amp;uovo</translation>
        </message>
        <message>
            <source>&amp;Details</source>
            <translation>&amp;Dettagli</translation>
        </message>
        <message>
            <source>One more try with the same password, at the next update.</source>
            <translation>Un solo nuovo tentativo con la stessa password, al prossimo aggiornamento.</translation>
        </message>
        <message>
            <source>Give the rows of {type} their new ids?</source>
            <translation>Dare alle righe di {type} i nuovi ID?</translation>
        </message>
        <message>
            <source>Re-&amp;key</source>
            <translation>Nuovi &amp;ID</translation>
        </message>
        <message>
            <source>&amp;Accept</source>
            <translation>&amp;Accetta</translation>
        </message>
        <message>
            <source>A backup is made first.</source>
            <translation>Prima si fa un backup.</translation>
        </message>
        <message>
            <source>{type}: done. A backup was made first.</source>
            <translation>{type}: fatto. Prima è stato fatto un backup.</translation>
        </message>
        <message>
            <source>{type}: the read of {time} was not stored</source>
            <translation>{type}: la lettura rifiutata del {time}</translation>
        </message>
        <message>
            <source>{type}: trouble</source>
            <translation>{type}: problema</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>sì</translation>
        </message>
        <message>
            <source>no</source>
            <translation>no</translation>
        </message>
        <message>
            <source>versions of Archisync, Python, Qt and the system; sizes of the archive</source>
            <translation>versioni di Archisync, Python, Qt e del sistema; dimensioni dell'archivio</translation>
        </message>
        <message>
            <source>the settings; accounts and addresses under other names</source>
            <translation>le impostazioni; utenti e indirizzi sotto altri nomi</translation>
        </message>
        <message>
            <source>what runs, what waits, how fresh each list is</source>
            <translation>che cosa è in corso, che cosa aspetta, quanto è aggiornato ogni elenco</translation>
        </message>
        <message>
            <source>the last 300 runs with their errors</source>
            <translation>gli ultimi 300 aggiornamenti con i loro errori</translation>
        </message>
        <message>
            <source>the log files, and what is left of a crash</source>
            <translation>i file di registro, e quel che resta di un arresto anomalo</translation>
        </message>
        <message>
            <source>Order form opened from a bookmark</source>
            <translation>Modulo ordini aperto da un preferito</translation>
        </message>
        <message>
            <source>Allow</source>
            <translation>Consenti</translation>
        </message>
        <message>
            <source>Let this order form in; do so only if you have just opened it</source>
            <translation>Fai entrare questo modulo ordini; solo se è stato appena aperto da qui</translation>
        </message>
        <message>
            <source>Re&amp;ject</source>
            <translation>Ri&amp;fiuta</translation>
        </message>
        <message>
            <source>Keep it out; nothing of the data is shown to it</source>
            <translation>Non farlo entrare; non vede nessun dato</translation>
        </message>
        <message>
            <source>“{name}” waits for your consent. If you did not open it, reject it.</source>
            <translation>«{name}» aspetta il consenso. Se nessuno qui lo ha aperto, rifiutarlo.</translation>
        </message>
        <message>
            <source>It waits for your consent. If you did not open it, reject it.</source>
            <translation>Aspetta il consenso. Se nessuno qui lo ha aperto, rifiutarlo.</translation>
        </message>
        <message>
            <source>The order form is connected.</source>
            <translation>Il modulo ordini è collegato.</translation>
        </message>
        <message>
            <source>The order form was kept out.</source>
            <translation>Il modulo ordini non è stato fatto entrare.</translation>
        </message>
        <message>
            <source>An order form waits for your consent</source>
            <translation>Un modulo ordini aspetta il consenso</translation>
        </message>
        <message>
            <source>It was opened from a bookmark. Allow it in the panel if it is yours.</source>
            <translation>È stato aperto da un preferito. Consentirlo nel pannello, se è stato aperto da qui.</translation>
        </message>
        <message>
            <source>Why is this running?</source>
            <translation>Perché questo aggiornamento?</translation>
        </message>
        <message>
            <source>{minutes} min {seconds} s</source>
            <translation>{minutes} min {seconds} s</translation>
        </message>
        <message>
            <source>certificate to be checked</source>
            <translation>certificato da verificare</translation>
        </message>
        <message>
            <source>no password</source>
            <translation>password mancante</translation>
        </message>
        <message>
            <source>account stopped</source>
            <translation>utente fermo</translation>
        </message>
        <message>
            <source>The ERP's certificate is not accepted yet</source>
            <translation>Il certificato dell'ERP non è ancora accettato</translation>
        </message>
        <message>
            <source>The ERP's certificate has changed</source>
            <translation>Il certificato dell'ERP è cambiato</translation>
        </message>
        <message>
            <source>There is no password for {account}</source>
            <translation>Manca la password di {account}</translation>
        </message>
        <message>
            <source>Certi&amp;ficate…</source>
            <translation>Certi&amp;ficato…</translation>
        </message>
        <message>
            <source>ERP: {account}: {why}</source>
            <translation>ERP: {account}: {why}</translation>
        </message>
        <message>
            <source>Accept this certi&amp;ficate…</source>
            <translation>Accetta questo certi&amp;ficato…</translation>
        </message>
        <message>
            <source>&amp;Look again</source>
            <translation>&amp;Controlla di nuovo</translation>
        </message>
        <message>
            <source>Accept the certificate of {name}?</source>
            <translation>Accettare il certificato di {name}?</translation>
        </message>
        <message>
            <source>Fingerprint: {fingerprint}. Compare it with whoever runs the ERP. From then on only this key is accepted; another one stops the account again.</source>
            <translation>Impronta: {fingerprint}. Confrontarla con chi gestisce l'ERP. Da quel momento vale solo questa chiave; un'altra ferma di nuovo l'utente.</translation>
        </message>
        <message>
            <source>The certificate is accepted.</source>
            <translation>Il certificato è accettato.</translation>
        </message>
        <message>
            <source>Password of {account} for the ERP (without it nothing is read):</source>
            <translation>Password di {account} per l'ERP (senza non si aggiorna niente):</translation>
        </message>
        <message>
            <source>next at {time}</source>
            <translation>prossimo alle {time}</translation>
        </message>
        <message>
            <source>What would vanish</source>
            <translation>Che cosa sparirebbe</translation>
        </message>
        <message>
            <source>Overview</source>
            <translation>Panoramica</translation>
        </message>
        <message>
            <source>History</source>
            <comment>page</comment>
            <translation>Cronologia</translation>
        </message>
        <message>
            <source>Data</source>
            <comment>page</comment>
            <translation>Dati</translation>
        </message>
        <message>
            <source>Settings</source>
            <comment>page</comment>
            <translation>Impostazioni</translation>
        </message>
        <message>
            <source>Pr&amp;int…</source>
            <translation>S&amp;tampa…</translation>
        </message>
        <message>
            <source>E&amp;xport…</source>
            <translation>Es&amp;porta…</translation>
        </message>
        <message>
            <source>Clear and read a&amp;gain…</source>
            <translation>Svuo&amp;ta e aggiorna…</translation>
        </message>
        <message>
            <source>W&amp;eek</source>
            <translation>Se&amp;ttimana</translation>
        </message>
        <message>
            <source>Fo&amp;llow</source>
            <translation>Se&amp;gui</translation>
        </message>
        <message>
            <source>Dia&amp;gnostics…</source>
            <translation>&amp;Diagnostica…</translation>
        </message>
        <message>
            <source>B&amp;ack up now</source>
            <translation>Fai un &amp;backup ora</translation>
        </message>
        <message>
            <source>C&amp;onnect a page…</source>
            <translation>&amp;Collega una pagina…</translation>
        </message>
        <message>
            <source>Add &amp;account</source>
            <translation>Aggiun&amp;gi utente</translation>
        </message>
        <message>
            <source>Walk throu&amp;gh the first steps again…</source>
            <translation>Ripeti la procedura &amp;iniziale…</translation>
        </message>
        <message>
            <source>Copy &amp;all</source>
            <translation>C&amp;opia tutto</translation>
        </message>
        <message>
            <source>Read refused</source>
            <comment>state</comment>
            <translation>Lettura rifiutata</translation>
        </message>
        <message>
            <source>chosen filter</source>
            <translation>filtro scelto</translation>
        </message>
        <message>
            <source>filter row</source>
            <translation>riga dei filtri</translation>
        </message>
        <message>
            <source>search field</source>
            <translation>campo di ricerca</translation>
        </message>
        <message>
            <source>filter bar</source>
            <translation>barra dei filtri</translation>
        </message>
        <message>
            <source>filter in a heading</source>
            <translation>filtro in un'intestazione</translation>
        </message>
        <message>
            <source>grouping</source>
            <translation>raggruppamento</translation>
        </message>
        <message>
            <source>Archisync cannot go on.</source>
            <translation>Archisync non può continuare.</translation>
        </message>
        <message>
            <source>Choose what it may do first</source>
            <translation>Scegliere prima che cosa può fare</translation>
        </message>
        <message>
            <source>It sees and asks for the data of all accounts.</source>
            <translation>Vede e chiede i dati di tutti gli utenti.</translation>
        </message>
        <message>
            <source>It sees and asks for the data of {account} only, and the lists that all share.</source>
            <translation>Vede e chiede solo i dati di {account} e gli elenchi comuni a tutti.</translation>
        </message>
        <message>
            <source>Its stored data stay, but are no longer read again. Its password is removed from this computer. The account in the ERP is not touched.</source>
            <translation>I suoi dati salvati restano, ma non vengono più letti. La sua password viene tolta da questo computer. L'utente nell'ERP non viene toccato.</translation>
        </message>
        <message>
            <source>Several order forms ask at once; not all of them may be yours. Type the digits that the form in front of you shows.</source>
            <translation>Più moduli ordini chiedono di entrare nello stesso momento; forse non sono tutti vostri. Scrivere le cifre mostrate dal modulo che avete davanti.</translation>
        </message>
        <message>
            <source>What it may do:</source>
            <translation>Che cosa può fare:</translation>
        </message>
        <message>
            <source>all accounts</source>
            <translation>tutti gli utenti</translation>
        </message>
        <message>
            <source>look</source>
            <translation>consultare</translation>
        </message>
        <message>
            <source>operate</source>
            <translation>comandare</translation>
        </message>
        <message>
            <source>Look</source>
            <translation>Consultare</translation>
        </message>
        <message>
            <source>Operate</source>
            <translation>Comandare</translation>
        </message>
        <message>
            <source>Read customers, products and prices, keep drafts, make other reads wait</source>
            <translation>Leggere clienti, prodotti e prezzi, tenere bozze, far aspettare gli altri aggiornamenti</translation>
        </message>
        <message>
            <source>See what is read, what waits and what happened</source>
            <translation>Vedere che cosa viene letto, che cosa aspetta e che cosa è successo</translation>
        </message>
        <message>
            <source>Start and cancel reads; pause, resume and change intervals for the whole office</source>
            <translation>Avviare e annullare aggiornamenti; mettere in pausa, riprendere e cambiare gli intervalli per tutto l'ufficio</translation>
        </message>
        <message>
            <source>Archisync's browser</source>
            <translation>Il browser di Archisync</translation>
        </message>
        <message>
            <source>Archisync's browser does not work</source>
            <translation>Il browser di Archisync non funziona</translation>
        </message>
        <message>
            <source>De&amp;tails…</source>
            <translation>De&amp;ttagli…</translation>
        </message>
        <message>
            <source>ERP: no answer yet</source>
            <translation>ERP: ancora nessuna risposta</translation>
        </message>
        <message>
            <source>ERP: no network</source>
            <translation>ERP: manca la rete</translation>
        </message>
        <message>
            <source>ERP: {answered}</source>
            <translation>ERP: {answered}</translation>
        </message>
        <message>
            <source>Everything up to date</source>
            <translation>Tutto aggiornato</translation>
        </message>
        <message>
            <source>interrupted</source>
            <translation>interrotto</translation>
        </message>
        <message>
            <source>last answer of the ERP {time}</source>
            <translation>ultima risposta dell'ERP {time}</translation>
        </message>
        <message>
            <source>last answer {time}</source>
            <translation>ultima risposta {time}</translation>
        </message>
        <message>
            <source>our browser</source>
            <translation>il nostro browser</translation>
        </message>
        <message>
            <source>the ERP's page was interrupted</source>
            <translation>la pagina dell'ERP si è interrotta</translation>
        </message>
        <message>
            <source>Try again now</source>
            <translation>Riprova ora</translation>
        </message>
        <message numerus="yes">
            <source>%n other(s)</source>
            <translation>
                <numerusform>%n altro</numerusform>
                <numerusform>altri %n</numerusform>
            </translation>
        </message>
        <message>
            <source>password stored in the system's keyring</source>
            <translation>password nel portachiavi del sistema</translation>
        </message>
        <message>
            <source>The order form's tabs were told. The updates stay paused until you resume them.</source>
            <translation>Le schede del modulo ordini sono state avvisate. Gli aggiornamenti restano in pausa fino a Riprendi.</translation>
        </message>
        <message>
            <source>This order form is closed already.</source>
            <translation>Questo modulo ordini è già chiuso.</translation>
        </message>
        <message>
            <source>{type}: being ended at the next safe point.</source>
            <translation>{type}: si ferma al prossimo punto sicuro.</translation>
        </message>
        <message>
            <source>{type}: it does not wait any more. Nothing was changed.</source>
            <translation>{type}: non è più in coda. Niente è stato cambiato.</translation>
        </message>
        <message>
            <source>No longer in the ERP since {time}</source>
            <translation>Non è più nell'ERP dal {time}</translation>
        </message>
        <message numerus="yes">
            <source>%n unpaid invoice(s): {total}</source>
            <translation>
                <numerusform>%n fattura non pagata: {total}</numerusform>
                <numerusform>%n fatture non pagate: {total}</numerusform>
            </translation>
        </message>
        <message>
            <source>Customer</source>
            <translation>Cliente</translation>
        </message>
        <message>
            <source>Order</source>
            <translation>Ordine</translation>
        </message>
        <message>
            <source>Delivery notes and parcels</source>
            <translation>DDT e spedizioni</translation>
        </message>
        <message>
            <source>Invoices</source>
            <translation>Fatture</translation>
        </message>
        <message>
            <source>Prices</source>
            <translation>Prezzi</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Articolo</translation>
        </message>
        <message>
            <source>Unpaid invoices: {count} · {total}</source>
            <translation>Fatture non pagate: {count} · {total}</translation>
        </message>
        <message>
            <source>Paid invoices: {count}</source>
            <translation>Fatture pagate: {count}</translation>
        </message>
        <message>
            <source>Orders: {count}</source>
            <translation>Ordini: {count}</translation>
        </message>
        <message>
            <source>never read</source>
            <translation>mai aggiornati</translation>
        </message>
        <message>
            <source>age unknown</source>
            <translation>data incerta</translation>
        </message>
        <message>
            <source>Data as of: {ages}</source>
            <translation>Aggiornamento dei dati: {ages}</translation>
        </message>
        <message>
            <source>{list} · the first {count}</source>
            <translation>{list} · i primi {count}</translation>
        </message>
        <message>
            <source>Results</source>
            <translation>Risultati</translation>
        </message>
        <message>
            <source>All accounts</source>
            <translation>Tutti gli utenti</translation>
        </message>
        <message>
            <source>↑ ↓ choose · Enter opens · Esc closes</source>
            <translation>↑ ↓ sceglie · Invio apre · Esc chiude</translation>
        </message>
        <message>
            <source>Type at least two letters or digits.</source>
            <translation>Scrivi almeno due lettere o cifre.</translation>
        </message>
        <message>
            <source>Nothing found for “{text}”.</source>
            <translation>Nessun risultato per «{text}».</translation>
        </message>
        <message>
            <source>Find… (Ctrl+K)</source>
            <translation>Cerca… (Ctrl+K)</translation>
        </message>
        <message>
            <source>Find in all lists</source>
            <translation>Cerca in tutti gli elenchi</translation>
        </message>
        <message>
            <source>Customers, orders, delivery notes, parcels, invoices, articles: name, number or phone</source>
            <translation>Clienti, ordini, DDT, spedizioni, fatture, articoli: nome, numero o telefono</translation>
        </message>
        <message>
            <source>Record sheet</source>
            <translation>Scheda</translation>
        </message>
        <message>
            <source>Back to the record before</source>
            <translation>Torna alla scheda precedente</translation>
        </message>
        <message>
            <source>Close the sheet (Esc)</source>
            <translation>Chiudi la scheda (Esc)</translation>
        </message>
        <message>
            <source>&amp;Follow the parcel</source>
            <translation>&amp;Segui il pacco</translation>
        </message>
        <message>
            <source>Cop&amp;y</source>
            <comment>button</comment>
            <translation>C&amp;opia</translation>
        </message>
        <message>
            <source>Copy the sheet as text, to paste it into a message</source>
            <translation>Copia la scheda come testo, da incollare in un messaggio</translation>
        </message>
        <message>
            <source>E&amp;xport PDF…</source>
            <translation>Esporta PD&amp;F…</translation>
        </message>
        <message>
            <source>Open in &amp;Data</source>
            <translation>Apri in &amp;Dati</translation>
        </message>
        <message>
            <source>This record is no longer stored.</source>
            <translation>Questo dato non è più in archivio.</translation>
        </message>
        <message>
            <source>Fewer fields</source>
            <translation>Meno campi</translation>
        </message>
        <message>
            <source>All fields ({count})</source>
            <translation>Tutti i campi ({count})</translation>
        </message>
        <message numerus="yes">
            <source>%n more: open them in Data</source>
            <translation>
                <numerusform>%n altro: apri in Dati</numerusform>
                <numerusform>altri %n: apri in Dati</numerusform>
            </translation>
        </message>
        <message>
            <source>follow</source>
            <translation>segui</translation>
        </message>
        <message>
            <source>Follow the parcel of {name}</source>
            <translation>Segui il pacco di {name}</translation>
        </message>
        <message>
            <source>No browser could be opened for the courier's page.</source>
            <translation>Non si è aperto il browser per la pagina del corriere.</translation>
        </message>
        <message>
            <source>{name}: copied as text.</source>
            <translation>{name}: copiato come testo.</translation>
        </message>
        <message>
            <source>Export the sheet</source>
            <translation>Esporta la scheda</translation>
        </message>
        <message>
            <source>entered</source>
            <comment>order state</comment>
            <translation>inserito</translation>
        </message>
        <message>
            <source>waiting for approval</source>
            <comment>order state</comment>
            <translation>in attesa di approvazione</translation>
        </message>
        <message>
            <source>to be corrected</source>
            <comment>order state</comment>
            <translation>da correggere</translation>
        </message>
        <message>
            <source>sent on</source>
            <comment>order state</comment>
            <translation>trasmesso</translation>
        </message>
        <message>
            <source>could not be sent on</source>
            <comment>order state</comment>
            <translation>non trasmesso per un errore</translation>
        </message>
        <message>
            <source>to be shipped</source>
            <comment>order state</comment>
            <translation>da spedire</translation>
        </message>
        <message>
            <source>shipped</source>
            <comment>order state</comment>
            <translation>spedito</translation>
        </message>
        <message>
            <source>delivered</source>
            <comment>order state</comment>
            <translation>consegnato</translation>
        </message>
        <message>
            <source>invoiced</source>
            <comment>order state</comment>
            <translation>fatturato</translation>
        </message>
        <message>
            <source>invoice overdue</source>
            <comment>order state</comment>
            <translation>fattura scaduta</translation>
        </message>
        <message>
            <source>paid</source>
            <comment>order state</comment>
            <translation>pagato</translation>
        </message>
        <message>
            <source>cancelled</source>
            <comment>order state</comment>
            <translation>annullato</translation>
        </message>
        <message>
            <source>paid</source>
            <comment>invoice</comment>
            <translation>pagata</translation>
        </message>
        <message>
            <source>overdue: {amount}</source>
            <translation>scaduta: {amount}</translation>
        </message>
        <message>
            <source>to be paid: {amount}</source>
            <translation>da pagare: {amount}</translation>
        </message>
        <message>
            <source>Order {number}</source>
            <translation>Ordine {number}</translation>
        </message>
        <message>
            <source>Order not sent yet</source>
            <translation>Ordine non ancora inviato</translation>
        </message>
        <message>
            <source>Delivery note {number}</source>
            <translation>DDT {number}</translation>
        </message>
        <message>
            <source>Credit note {number}</source>
            <translation>Nota di credito {number}</translation>
        </message>
        <message>
            <source>Invoice {number}</source>
            <translation>Fattura {number}</translation>
        </message>
        <message>
            <source>{amount} to be paid</source>
            <translation>{amount} da incassare</translation>
        </message>
        <message>
            <source>{amount} in all</source>
            <translation>{amount} in totale</translation>
        </message>
        <message>
            <source>{list}: nothing found for “{text}”. Ctrl+K looks in all lists.</source>
            <translation>{list}: nessun risultato per «{text}». Ctrl+K cerca in tutti gli elenchi.</translation>
        </message>
        <message>
            <source>{list}: no record belongs to “{view}” now.</source>
            <translation>{list}: adesso non c'è niente in «{view}».</translation>
        </message>
        <message>
            <source>Unpaid invoices</source>
            <translation>Fatture non pagate</translation>
        </message>
        <message>
            <source>Overdue invoices</source>
            <translation>Fatture scadute</translation>
        </message>
        <message>
            <source>Orders to be shipped</source>
            <translation>Ordini da spedire</translation>
        </message>
        <message>
            <source>Delivery notes of today</source>
            <translation>DDT di oggi</translation>
        </message>
        <message>
            <source>Prices changed in 7 days</source>
            <translation>Prezzi cambiati (7 giorni)</translation>
        </message>
        <message>
            <source>New customers in 7 days</source>
            <translation>Clienti nuovi (7 giorni)</translation>
        </message>
        <message>
            <source>open</source>
            <comment>state</comment>
            <translation>aperto</translation>
        </message>
        <message>
            <source>shipped</source>
            <comment>state</comment>
            <translation>spedito</translation>
        </message>
        <message>
            <source>invoiced</source>
            <comment>state</comment>
            <translation>fatturato</translation>
        </message>
        <message>
            <source>completed</source>
            <comment>state</comment>
            <translation>completato</translation>
        </message>
        <message>
            <source>cancelled</source>
            <comment>state</comment>
            <translation>annullato</translation>
        </message>
        <message>
            <source>delivery note</source>
            <comment>state</comment>
            <translation>DDT</translation>
        </message>
        <message>
            <source>invoice</source>
            <comment>state</comment>
            <translation>fattura</translation>
        </message>
        <message>
            <source>quotation</source>
            <comment>state</comment>
            <translation>preventivo</translation>
        </message>
        <message>
            <source>confirmation</source>
            <comment>state</comment>
            <translation>conferma</translation>
        </message>
        <message>
            <source>picking list</source>
            <comment>state</comment>
            <translation>distinta di prelievo</translation>
        </message>
        <message>
            <source>purchase order</source>
            <comment>state</comment>
            <translation>ordine di acquisto</translation>
        </message>
        <message>
            <source>free invoice</source>
            <comment>state</comment>
            <translation>fattura libera</translation>
        </message>
        <message>
            <source>lost</source>
            <comment>state</comment>
            <translation>perso</translation>
        </message>
        <message>
            <source>sent on</source>
            <comment>state</comment>
            <translation>trasmesso</translation>
        </message>
        <message>
            <source>waiting for approval</source>
            <comment>state</comment>
            <translation>in attesa di approvazione</translation>
        </message>
        <message>
            <source>to be corrected</source>
            <comment>state</comment>
            <translation>da correggere</translation>
        </message>
        <message>
            <source>error</source>
            <comment>state</comment>
            <translation>errore</translation>
        </message>
        <message>
            <source>order</source>
            <comment>state</comment>
            <translation>ordine</translation>
        </message>
        <message>
            <source>draft</source>
            <comment>state</comment>
            <translation>bozza</translation>
        </message>
        <message>
            <source>subscription</source>
            <comment>state</comment>
            <translation>abbonamento</translation>
        </message>
        <message>
            <source>return</source>
            <comment>state</comment>
            <translation>reso</translation>
        </message>
        <message>
            <source>For &amp;15 minutes</source>
            <translation>Per &amp;15 minuti</translation>
        </message>
        <message>
            <source>For &amp;1 hour</source>
            <translation>Per &amp;1 ora</translation>
        </message>
        <message>
            <source>Until to&amp;morrow at {time}</source>
            <translation>Fino a &amp;domani alle {time}</translation>
        </message>
        <message>
            <source>Until I &amp;resume</source>
            <translation>&amp;Finché non riprendo</translation>
        </message>
        <message>
            <source>End the active run and start nothing for a time</source>
            <translation>Ferma l'aggiornamento in corso e non ne inizia altri per il tempo scelto</translation>
        </message>
        <message>
            <source>It ends by itself at {time}, in {left}.</source>
            <translation>Riprende da sola alle {time}, fra {left}.</translation>
        </message>
        <message numerus="yes">
            <source>%n delivery note(s)</source>
            <translation>
                <numerusform>%n DDT di oggi</numerusform>
                <numerusform>%n DDT di oggi</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new customer(s)</source>
            <translation>
                <numerusform>%n nuovo cliente</numerusform>
                <numerusform>%n nuovi clienti</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n price(s) changed</source>
            <translation>
                <numerusform>%n prezzo cambiato</numerusform>
                <numerusform>%n prezzi cambiati</numerusform>
            </translation>
        </message>
        <message>
            <source>Invoices due in 7 days</source>
            <translation>Scadenze entro 7 giorni</translation>
        </message>
        <message>
            <source>Last 2 hours</source>
            <translation>Ultime 2 ore</translation>
        </message>
        <message>
            <source>New customers of today</source>
            <translation>Nuovi clienti di oggi</translation>
        </message>
        <message>
            <source>Next update</source>
            <translation>Prossimo</translation>
        </message>
        <message>
            <source>Prices changed today</source>
            <translation>Prezzi cambiati oggi</translation>
        </message>
        <message>
            <source>Today</source>
            <comment>column</comment>
            <translation>Oggi</translation>
        </message>
        <message>
            <source>Updated</source>
            <comment>column</comment>
            <translation>Aggiornato</translation>
        </message>
        <message>
            <source>Violet: an order form was open. Dotted: what comes next. A click opens the lists.</source>
            <translation>Viola: un modulo ordini era aperto. Punteggiato: quello che segue. Un clic apre gli elenchi.</translation>
        </message>
        <message>
            <source>first read today</source>
            <translation>primo aggiornamento oggi</translation>
        </message>
        <message>
            <source>new ones: {since}</source>
            <translation>i nuovi: {since}</translation>
        </message>
        <message>
            <source>no change</source>
            <translation>nessun cambiamento</translation>
        </message>
        <message>
            <source>not read in time</source>
            <translation>in ritardo</translation>
        </message>
        <message>
            <source>not read yet</source>
            <translation>in attesa del primo aggiornamento</translation>
        </message>
        <message>
            <source>the stored data are unchanged</source>
            <translation>dati invariati</translation>
        </message>
        <message>
            <source>tried again at {time} · {kept}</source>
            <translation>riprova alle {time} · {kept}</translation>
        </message>
        <message>
            <source>will be read as soon as possible</source>
            <translation>sarà aggiornato appena possibile</translation>
        </message>
        <message>
            <source>will be read at {time}</source>
            <translation>aggiornamento alle {time}</translation>
        </message>
        <message>
            <source>{added} new, {changed} changed, {gone} gone today</source>
            <translation>oggi {added} nuovi, {changed} cambiati, {gone} spariti</translation>
        </message>
        <message>
            <source>the other lists wait until it closes, at most {left}</source>
            <translation>gli altri elenchi aspettano la chiusura, al massimo {left}</translation>
        </message>
        <message numerus="yes">
            <source>%n invoice(s) due</source>
            <translation>
                <numerusform>%n fattura in scadenza</numerusform>
                <numerusform>%n fatture in scadenza</numerusform>
            </translation>
        </message>
        <message>
            <source>Within 7 days from today</source>
            <translation>Entro 7 giorni da oggi</translation>
        </message>
        <message numerus="yes">
            <source>%n invoice(s)</source>
            <translation>
                <numerusform>%n fattura</numerusform>
                <numerusform>%n fatture</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n more</source>
            <translation>
                <numerusform>ancora %n</numerusform>
                <numerusform>altri %n</numerusform>
            </translation>
        </message>
        <message>
            <source>&amp;Open</source>
            <translation>&amp;Apri</translation>
        </message>
        <message>
            <source>7 days</source>
            <translation>7 giorni</translation>
        </message>
        <message>
            <source>Changed prices</source>
            <translation>Prezzi cambiati</translation>
        </message>
        <message>
            <source>Export summary</source>
            <translation>Esporta il riepilogo</translation>
        </message>
        <message>
            <source>From which change on prices are told</source>
            <translation>Da quale variazione mostrare i prezzi</translation>
        </message>
        <message>
            <source>How Archisync worked</source>
            <translation>Come ha lavorato Archisync</translation>
        </message>
        <message>
            <source>No data: this list was not read in this time.</source>
            <translation>Nessun dato: in questo periodo l'elenco non è stato aggiornato.</translation>
        </message>
        <message>
            <source>No program could be started for {path}.</source>
            <translation>Nessun programma disponibile per aprire {path}.</translation>
        </message>
        <message>
            <source>Nothing was read in this time: Archisync was closed or paused.</source>
            <translation>In questo periodo nessun aggiornamento: Archisync era chiuso o in pausa.</translation>
        </message>
        <message>
            <source>Prices changed by {percent} % or more</source>
            <translation>Prezzi cambiati di almeno il {percent} %</translation>
        </message>
        <message>
            <source>Prices: every change</source>
            <translation>Prezzi: ogni variazione</translation>
        </message>
        <message>
            <source>Prices: from {percent} %</source>
            <translation>Prezzi: dal {percent} %</translation>
        </message>
        <message>
            <source>Shipped</source>
            <translation>Spediti</translation>
        </message>
        <message>
            <source>Show in &amp;folder</source>
            <translation>Mostra nella &amp;cartella</translation>
        </message>
        <message>
            <source>Since I last looked</source>
            <translation>Dall'ultima volta</translation>
        </message>
        <message>
            <source>Since yesterday: the first look</source>
            <translation>Da ieri: prima consultazione</translation>
        </message>
        <message>
            <source>Since {time}</source>
            <translation>Dal {time}</translation>
        </message>
        <message>
            <source>Summary</source>
            <translation>Riepilogo</translation>
        </message>
        <message>
            <source>Summary</source>
            <comment>page</comment>
            <translation>Riepilogo</translation>
        </message>
        <message>
            <source>Updates</source>
            <translation>Aggiornamenti</translation>
        </message>
        <message>
            <source>When and why</source>
            <translation>Quando e perché</translation>
        </message>
        <message>
            <source>Yesterday</source>
            <translation>Ieri</translation>
        </message>
        <message>
            <source>{when} ({why}), fine again at {time}</source>
            <translation>{when} ({why}), risolto: {time}</translation>
        </message>
        <message>
            <source>{when} ({why}), not read since</source>
            <translation>{when} ({why}), da allora non aggiornato</translation>
        </message>
        <message>
            <source>not counted yet</source>
            <translation>non ancora contati</translation>
        </message>
        <message>
            <source>&amp;Enter it again…</source>
            <translation>&amp;Riscrivila…</translation>
        </message>
        <message>
            <source>Advanced</source>
            <translation>Avanzate</translation>
        </message>
        <message>
            <source>New password</source>
            <translation>Nuova password</translation>
        </message>
        <message>
            <source>Really logs in to the ERP, once, with the stored password</source>
            <translation>Accede davvero all'ERP, una volta, con la password conservata</translation>
        </message>
        <message>
            <source>Save and try</source>
            <translation>Salva e prova</translation>
        </message>
        <message>
            <source>Save the password of {account} and try it</source>
            <translation>Salva la password di {account} e provala</translation>
        </message>
        <message>
            <source>Show</source>
            <comment>password</comment>
            <translation>Mostra</translation>
        </message>
        <message>
            <source>The ERP refused the password of {account}. The new password:</source>
            <translation>L'ERP ha rifiutato la password di {account}. La nuova password:</translation>
        </message>
        <message>
            <source>The password is kept.</source>
            <translation>La password è conservata.</translation>
        </message>
        <message>
            <source>Type the password first.</source>
            <translation>Prima scrivere la password.</translation>
        </message>
        <message>
            <source>no answer of the ERP yet</source>
            <translation>l'ERP non ha ancora risposto</translation>
        </message>
        <message>
            <source>{account}: logging in…</source>
            <translation>{account}: accesso in corso…</translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) that it does not have will count as gone. A backup is made first.</source>
            <translation>
                <numerusform>%n riga che manca risulterà sparita. Prima viene fatto un backup.</numerusform>
                <numerusform>%n righe che mancano risulteranno sparite. Prima viene fatto un backup.</numerusform>
            </translation>
        </message>
        <message>
            <source>Among them:</source>
            <translation>Tra queste:</translation>
        </message>
        <message>
            <source>Cause: in the ERP the filter of this list says “{text}”.</source>
            <translation>Causa: nell'ERP il filtro di questo elenco è «{text}».</translation>
        </message>
        <message>
            <source>Cause: in the ERP this list is filtered ({text}).</source>
            <translation>Causa: nell'ERP questo elenco è filtrato ({text}).</translation>
        </message>
        <message>
            <source>It is right so, &amp;accept…</source>
            <translation>È giusto così, &amp;accetta…</translation>
        </message>
        <message>
            <source>Number of records that vanish</source>
            <translation>Numero delle righe che spariscono</translation>
        </message>
        <message>
            <source>Store the read of {type} as it is?</source>
            <translation>Accettare la lettura di {type} così com'è?</translation>
        </message>
        <message>
            <source>The cause is not clear: usually it is enough to read again.</source>
            <translation>Causa non chiara: di solito basta aggiornare di nuovo.</translation>
        </message>
        <message>
            <source>To confirm, type the number of records: {count}</source>
            <translation>Per confermare, scrivere il numero delle righe: {count}</translation>
        </message>
        <message>
            <source>Type the number of records first</source>
            <translation>Prima scrivere il numero delle righe</translation>
        </message>
        <message>
            <source>{type}: the ERP sent {now} rows of {before}. Nothing was changed.</source>
            <translation>{type}: l'ERP ha mandato {now} righe su {before}. Non è cambiato niente.</translation>
        </message>
        <message numerus="yes">
            <source>… and %n more</source>
            <translation>
                <numerusform>… e ancora %n</numerusform>
                <numerusform>… e altre %n</numerusform>
            </translation>
        </message>
        <message>
            <source>&amp;Watch</source>
            <comment>button</comment>
            <translation>Tieni d'&amp;occhio</translation>
        </message>
        <message>
            <source>None. A record's sheet has the button Watch: find the customer or order with Ctrl+K.</source>
            <translation>Nessuno. Trovare il cliente o l'ordine con Ctrl+K e premere «Tieni d'occhio» nella sua scheda.</translation>
        </message>
        <message>
            <source>Tell me when it ships, is invoiced, is paid or changes</source>
            <translation>Avvisa quando viene spedito, fatturato, pagato o cambia</translation>
        </message>
        <message>
            <source>Watched customers and orders</source>
            <translation>Clienti e ordini tenuti d'occhio</translation>
        </message>
        <message>
            <source>changed: {fields}</source>
            <translation>cambiato: {fields}</translation>
        </message>
        <message>
            <source>gone from the ERP</source>
            <translation>sparito dall'ERP</translation>
        </message>
        <message>
            <source>invoice {number} is paid</source>
            <translation>fattura {number} pagata</translation>
        </message>
        <message>
            <source>invoiced, {number}</source>
            <translation>fatturato, {number}</translation>
        </message>
        <message>
            <source>new order {number}</source>
            <translation>nuovo ordine {number}</translation>
        </message>
        <message>
            <source>shipped, delivery note {number}</source>
            <translation>spedito, DDT {number}</translation>
        </message>
        <message>
            <source>{name} is not watched any more.</source>
            <translation>{name} non è più tenuto d'occhio.</translation>
        </message>
        <message>
            <source>{name} is watched: you are told when it ships, is invoiced, is paid or changes.</source>
            <translation>{name} è tenuto d'occhio: arriva un avviso quando viene spedito, fatturato, pagato o cambia.</translation>
        </message>
        <message>
            <source>{number} changed: {fields}</source>
            <translation>{number} cambiato: {fields}</translation>
        </message>
        <message>
            <source>First steps</source>
            <translation>Primi passi</translation>
        </message>
        <message>
            <source>Read all lists now, which takes some minutes, whatever the hour</source>
            <translation>Aggiorna subito tutti gli elenchi: richiede alcuni minuti, a qualsiasi ora</translation>
        </message>
        <message>
            <source>nothing is read before they are finished</source>
            <translation>prima della fine non si aggiorna nulla</translation>
        </message>
        <message>
            <source>The summary could not be printed: this computer has no usual printer.</source>
            <translation>Il riepilogo non è stato stampato: questo computer non ha una stampante predefinita.</translation>
        </message>
        <message>
            <source>The summary was not written. {why}</source>
            <translation>Il riepilogo non è stato scritto. {why}</translation>
        </message>
        <message>
            <source>no</source>
            <comment>choice</comment>
            <translation>no</translation>
        </message>
        <message>
            <source>print it</source>
            <translation>stamparlo</translation>
        </message>
        <message>
            <source>write it to a folder</source>
            <translation>scriverlo in una cartella</translation>
        </message>
        <message>
            <source>this computer reads for the office</source>
            <translation>questo PC legge per l'ufficio</translation>
        </message>
        <message>
            <source>no computer reads</source>
            <translation>nessun PC legge</translation>
        </message>
        <message>
            <source>{computer} reads</source>
            <translation>legge {computer}</translation>
        </message>
        <message>
            <source>Columns of {list}</source>
            <translation>Colonne di {list}</translation>
        </message>
        <message>
            <source>Search in the columns</source>
            <translation>Cerca tra le colonne</translation>
        </message>
        <message>
            <source>As at &amp;first</source>
            <translation>Come all'&amp;inizio</translation>
        </message>
        <message>
            <source>List to be cleared</source>
            <translation>Elenco da svuotare</translation>
        </message>
        <message>
            <source>Co&amp;lumns…</source>
            <translation>&amp;Colonne…</translation>
        </message>
        <message>
            <source>&amp;Open record</source>
            <translation>Apri la sche&amp;da</translation>
        </message>
        <message>
            <source>never updated</source>
            <translation>mai aggiornato</translation>
        </message>
        <message>
            <source>Timeline</source>
            <translation>Linea del tempo</translation>
        </message>
        <message>
            <source>Show the program's own lines, too</source>
            <translation>Mostra anche le righe tecniche del programma</translation>
        </message>
        <message>
            <source>Assistance</source>
            <translation>Assistenza</translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <comment>of rows</comment>
            <translation>
                <numerusform>%n nuova</numerusform>
                <numerusform>%n nuove</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <comment>of rows</comment>
            <translation>
                <numerusform>%n cambiata</numerusform>
                <numerusform>%n cambiate</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <comment>of rows</comment>
            <translation>
                <numerusform>%n sparita</numerusform>
                <numerusform>%n sparite</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Failed · %n attempt(s)</source>
            <translation>
                <numerusform>Non riuscito · %n tentativo</numerusform>
                <numerusform>Non riuscito · %n tentativi</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <comment>of a feminine list</comment>
            <translation>
                <numerusform>%n nuova</numerusform>
                <numerusform>%n nuove</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <comment>of a feminine list</comment>
            <translation>
                <numerusform>%n cambiata</numerusform>
                <numerusform>%n cambiate</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <comment>of a feminine list</comment>
            <translation>
                <numerusform>%n sparita</numerusform>
                <numerusform>%n sparite</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <comment>of a list</comment>
            <translation>
                <numerusform>%n nuovo</numerusform>
                <numerusform>%n nuovi</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <comment>of a list</comment>
            <translation>
                <numerusform>%n cambiato</numerusform>
                <numerusform>%n cambiati</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <comment>of a list</comment>
            <translation>
                <numerusform>%n sparito</numerusform>
                <numerusform>%n spariti</numerusform>
            </translation>
        </message>
        <message>
            <source>first read</source>
            <translation>primo aggiornamento</translation>
        </message>
        <message>
            <source>The first {count} of {total}.</source>
            <translation>I primi {count} di {total}.</translation>
        </message>
        <message>
            <source>Save what is shown here under a name: filter, columns and order</source>
            <translation>Salva con un nome ciò che si vede qui: filtro, colonne e ordine</translation>
        </message>
        <message>
            <source>&amp;Save as a new view…</source>
            <translation>&amp;Salva come nuova vista…</translation>
        </message>
        <message>
            <source>&amp;Keep the present look in “{name}”</source>
            <translation>&amp;Aggiorna «{name}» con ciò che si vede</translation>
        </message>
        <message>
            <source>&amp;Rename “{name}”…</source>
            <translation>&amp;Rinomina «{name}»…</translation>
        </message>
        <message>
            <source>&amp;Delete “{name}”</source>
            <translation>&amp;Elimina «{name}»</translation>
        </message>
        <message>
            <source>There is already a view “{name}”. Choose another name.</source>
            <translation>C'è già una vista «{name}». Scegliere un altro nome.</translation>
        </message>
        <message>
            <source>Name of the new view:</source>
            <translation>Nome della nuova vista:</translation>
        </message>
        <message>
            <source>The view “{name}” is saved.</source>
            <translation>La vista «{name}» è salvata.</translation>
        </message>
        <message>
            <source>New name of “{name}”:</source>
            <translation>Nuovo nome di «{name}»:</translation>
        </message>
        <message>
            <source>The view “{name}” is deleted.</source>
            <translation>La vista «{name}» è eliminata.</translation>
        </message>
        <message>
            <source>Delivery note</source>
            <translation>DDT</translation>
        </message>
        <message>
            <source>Credit note</source>
            <translation>Nota di credito</translation>
        </message>
        <message>
            <source>Invoice</source>
            <translation>Fattura</translation>
        </message>
        <message>
            <source>Price</source>
            <translation>Prezzo</translation>
        </message>
        <message>
            <source>form open on {computer} since {time}</source>
            <translation>modulo aperto su {computer} dalle {time}</translation>
        </message>
        <message>
            <source>form open since {time}</source>
            <translation>modulo aperto dalle {time}</translation>
        </message>
        <message>
            <source>on {computer}</source>
            <translation>su {computer}</translation>
        </message>
        <message>
            <source>My views</source>
            <translation>Le mie viste</translation>
        </message>
        <message>
            <source>all of {names}</source>
            <comment>years</comment>
            <translation>tutte quelle del {names}</translation>
        </message>
        <message>
            <source>Data move while they are read</source>
            <translation>Dati in movimento</translation>
        </message>
        <message>
            <source>The lists that need it wait until you correct it.</source>
            <translation>Gli elenchi che ne hanno bisogno aspettano che venga corretta.</translation>
        </message>
        <message>
            <source>The lists that need it wait until you enter it.</source>
            <translation>Gli elenchi che ne hanno bisogno aspettano che venga inserita.</translation>
        </message>
        <message>
            <source>Loading…</source>
            <translation>Caricamento…</translation>
        </message>
        <message>
            <source>This cannot be shown now: {why}</source>
            <translation>Ora non si può mostrare: {why}</translation>
        </message>
        <message>
            <source>Other delivery notes of the order</source>
            <translation>Altri DDT dell'ordine</translation>
        </message>
        <message>
            <source>Other invoices of the order</source>
            <translation>Altre fatture dell'ordine</translation>
        </message>
        <message>
            <source>“{text}” could not be looked up: {why}</source>
            <translation>Impossibile cercare «{text}»: {why}</translation>
        </message>
        <message>
            <source>The view “{name}” is of {account}, which is not in use.</source>
            <translation>La vista «{name}» è di {account}, che non è in uso.</translation>
        </message>
        <message>
            <source>{type}: it has ended already. Nothing was cancelled.</source>
            <translation>{type}: l'aggiornamento è già finito. Non è stato interrotto nulla.</translation>
        </message>
        <message>
            <source>{list}: the stored rows were replaced. Open the record again.</source>
            <translation>{list}: le righe in archivio sono state sostituite. Riaprire la scheda.</translation>
        </message>
        <message>
            <source>Sheet of {time}</source>
            <translation>Scheda del {time}</translation>
        </message>
        <message>
            <source>as of {time}</source>
            <translation>alle {time}</translation>
        </message>
        <message>
            <source>Not read in this time: {accounts}.</source>
            <translation>Non letto in questo periodo: {accounts}.</translation>
        </message>
        <message>
            <source>No data: this list was never read.</source>
            <translation>Nessun dato: questo elenco non è mai stato letto.</translation>
        </message>
        <message>
            <source>Never read: {accounts}.</source>
            <translation>Mai letto: {accounts}.</translation>
        </message>
        <message>
            <source>the newest: {runs}</source>
            <translation>le più recenti: {runs}</translation>
        </message>
        <message>
            <source>runs since {time}</source>
            <translation>aggiornamenti dal {time}</translation>
        </message>
        <message>
            <source>Why, at that moment</source>
            <translation>Perché, in quel momento</translation>
        </message>
        <message>
            <source>credit open: {amount}</source>
            <translation>credito aperto: {amount}</translation>
        </message>
        <message>
            <source>Open credit notes: {count} · {total}</source>
            <translation>Note di credito aperte: {count} · {total}</translation>
        </message>
        <message numerus="yes">
            <source>… and %n more, not listed here</source>
            <translation>
                <numerusform>… e %n altro, non elencato qui</numerusform>
                <numerusform>… e altri %n, non elencati qui</numerusform>
            </translation>
        </message>
    </context>
</TS>
