<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
    <context>
        <name />
        <message numerus="yes">
            <source>%n day(s) ago</source>
            <translation>
                <numerusform>%n day ago</numerusform>
                <numerusform>%n days ago</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n account(s)</source>
            <translation>
                <numerusform>%n account</numerusform>
                <numerusform>%n accounts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n failure(s) in a row</source>
            <translation>
                <numerusform>%n failure in a row</numerusform>
                <numerusform>%n failures in a row</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n failed</source>
            <translation>
                <numerusform>%n failed</numerusform>
                <numerusform>%n failed</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n tab(s)</source>
            <translation>
                <numerusform>%n tab</numerusform>
                <numerusform>%n tabs</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n row(s)</source>
            <translation>
                <numerusform>%n row</numerusform>
                <numerusform>%n rows</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n list(s) due meanwhile ({why}): each is read once</source>
            <translation>
                <numerusform>%n list due meanwhile ({why}): each is read once</numerusform>
                <numerusform>%n lists due meanwhile ({why}): each is read once</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attempt(s)</source>
            <translation>
                <numerusform>%n attempt</numerusform>
                <numerusform>%n attempts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n form(s)</source>
            <translation>
                <numerusform>%n form</numerusform>
                <numerusform>%n forms</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{time} left · %n attempt(s) left</source>
            <translation>
                <numerusform>{time} left · %n attempt left</numerusform>
                <numerusform>{time} left · %n attempts left</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n stored row(s){whose} are removed and the list is read again from the ERP. Until that is done the order form finds nothing of it. The change history stays, a backup is made first; nothing in the ERP changes.</source>
            <translation>
                <numerusform>%n stored row{whose} are removed and the list is read again from the ERP. Until that is done the order form finds nothing of it. The change history stays, a backup is made first; nothing in the ERP changes.</numerusform>
                <numerusform>%n stored rows{whose} are removed and the list is read again from the ERP. Until that is done the order form finds nothing of it. The change history stays, a backup is made first; nothing in the ERP changes.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n warning(s)</source>
            <translation>
                <numerusform>%n warning</numerusform>
                <numerusform>%n warnings</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n run(s)</source>
            <translation>
                <numerusform>%n run</numerusform>
                <numerusform>%n runs</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>due %n time(s) from {first} to {last}, not read</source>
            <translation>
                <numerusform>due %n time from {first} to {last}, not read</numerusform>
                <numerusform>due %n times from {first} to {last}, not read</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>These %n row(s) would vanish</source>
            <translation>
                <numerusform>These %n row would vanish</numerusform>
                <numerusform>These %n rows would vanish</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n other(s)</source>
            <translation>
                <numerusform>%n other</numerusform>
                <numerusform>%n others</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n unpaid invoice(s): {total}</source>
            <translation>
                <numerusform>%n unpaid invoice: {total}</numerusform>
                <numerusform>%n unpaid invoices: {total}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n more: open them in Data</source>
            <translation>
                <numerusform>%n more: open it in Data</numerusform>
                <numerusform>%n more: open them in Data</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n delivery note(s)</source>
            <translation>
                <numerusform>%n delivery note of today</numerusform>
                <numerusform>%n delivery notes of today</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new customer(s)</source>
            <translation>
                <numerusform>%n new customer</numerusform>
                <numerusform>%n new customers</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n price(s) changed</source>
            <translation>
                <numerusform>%n price changed</numerusform>
                <numerusform>%n prices changed</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n invoice(s) due</source>
            <translation>
                <numerusform>%n invoice due</numerusform>
                <numerusform>%n invoices due</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n invoice(s)</source>
            <translation>
                <numerusform>%n invoice</numerusform>
                <numerusform>%n invoices</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n more</source>
            <translation>
                <numerusform>%n more</numerusform>
                <numerusform>%n more</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) that it does not have will count as gone. A backup is made first.</source>
            <translation>
                <numerusform>%n record that it does not have will count as gone. A backup is made first.</numerusform>
                <numerusform>%n records that it does not have will count as gone. A backup is made first.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>… and %n more</source>
            <translation>
                <numerusform>… and %n more</numerusform>
                <numerusform>… and %n more</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <comment>of rows</comment>
            <translation>
                <numerusform>%n new</numerusform>
                <numerusform>%n new</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <comment>of rows</comment>
            <translation>
                <numerusform>%n changed</numerusform>
                <numerusform>%n changed</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <comment>of rows</comment>
            <translation>
                <numerusform>%n gone</numerusform>
                <numerusform>%n gone</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Failed · %n attempt(s)</source>
            <translation>
                <numerusform>Failed · %n attempt</numerusform>
                <numerusform>Failed · %n attempts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <comment>of a feminine list</comment>
            <translation>
                <numerusform>%n new</numerusform>
                <numerusform>%n new</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <comment>of a feminine list</comment>
            <translation>
                <numerusform>%n changed</numerusform>
                <numerusform>%n changed</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <comment>of a feminine list</comment>
            <translation>
                <numerusform>%n gone</numerusform>
                <numerusform>%n gone</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <comment>of a list</comment>
            <translation>
                <numerusform>%n new</numerusform>
                <numerusform>%n new</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n changed</source>
            <comment>of a list</comment>
            <translation>
                <numerusform>%n changed</numerusform>
                <numerusform>%n changed</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n gone</source>
            <comment>of a list</comment>
            <translation>
                <numerusform>%n gone</numerusform>
                <numerusform>%n gone</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>… and %n more, not listed here</source>
            <translation>
                <numerusform>… and %n more, not listed here</numerusform>
                <numerusform>… and %n more, not listed here</numerusform>
            </translation>
        </message>
    </context>
</TS>
