; The Windows installer: for one user, without administrator rights. Built on any system by build_windows.py, which defines
; VERSION, VERSION_NUMBERS, APP (the folder to install), ICON, LICENCE, OUTPUT and SIZE_KB.
;
;   Archisync-VERSION-setup.exe            asks
;     /S                                   silent; exit code 0 done, 1 cancelled, 2 could not (the old version stays),
;                                          3 could not, and the old version is left as app.old: run it again
;     /AUTOSTART=1|0                       start at login, or not; without it: as before (first installation: yes)
;     /D=FOLDER                            last argument: where to; refused (2) while Archisync is installed elsewhere, and
;                                          where another program has a folder app, app.old or app.new
;   uninstall.exe                          asks whether to remove the data, too; the usual answer is no
;     /S                                   silent; leaves the data; exit code 0 done, 1 cancelled, 2 could not (the program stays),
;                                          3 the program is removed, but not all of the data
;     /DATA=remove                         removes the data, too
;     _?=FOLDER                            last argument, this program's folder: works in place. Without it a copy does the
;                                          work, and the exit code is 0 at once. uninstall.exe itself stays
;
; The program is in $INSTDIR\app. A new version is unpacked beside it and then replaces it by renaming, so that the old
; version is unchanged if an installation fails. Running the installer again repairs an installation.

Unicode true
Target amd64-unicode   ; the program inside is 64-bit, too
ManifestDPIAware true
RequestExecutionLevel user
!ifdef QUICK
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 64
!endif
!include MUI2.nsh
!include nsDialogs.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include TextFunc.nsh
!include StrFunc.nsh
${StrLoc}
${UnStrLoc}

Name "Archisync"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Archisync"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Archisync"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
; What Windows' task manager and settings have switched off: a value of the same name, while the one in RUN_KEY stays.
!define APPROVED_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define DATA "$LOCALAPPDATA\archisync"
!define /math NEEDED_MB ${SIZE_KB} / 964   ; 1,024, and a sixteenth for what the file system adds
!define /redef /math NEEDED_MB ${NEEDED_MB} + 1
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
VIProductVersion "${VERSION_NUMBERS}"
VIAddVersionKey ProductName "Archisync"
VIAddVersionKey FileDescription "Archisync"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey LegalCopyright "MIT licence"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_FUNCTION StartPanel
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE DirectoryLeave
!insertmacro MUI_PAGE_DIRECTORY
Page custom OptionsPage OptionsLeave
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
UninstPage custom un.DataPage un.DataLeave
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE Italian
!insertmacro MUI_LANGUAGE English

LangString AUTOSTART ${LANG_ITALIAN} "Avvia Archisync all'accesso a Windows (nell'area di notifica)"
LangString AUTOSTART ${LANG_ENGLISH} "Start Archisync when I log in to Windows (in the tray)"
LangString OPTIONS ${LANG_ITALIAN} "Opzioni"
LangString OPTIONS ${LANG_ENGLISH} "Options"
LangString OPTIONS_SUB ${LANG_ITALIAN} "Si cambiano in seguito nelle impostazioni di Archisync."
LangString OPTIONS_SUB ${LANG_ENGLISH} "They can be changed later in Archisync's settings."
LangString STILL_RUNS ${LANG_ITALIAN} "Archisync è ancora in funzione e non risponde, oppure un altro programma tiene aperti i suoi file. Chiudere Archisync dal menu della sua icona nell'area di notifica e premere Riprova."
LangString STILL_RUNS ${LANG_ENGLISH} "Archisync still runs and does not answer, or another program holds its files open. Quit Archisync from the menu of its tray icon and press Retry."
LangString NO_ROOM ${LANG_ITALIAN} "Impossibile scrivere in $INSTDIR: manca spazio sul disco (servono ${NEEDED_MB} MB) oppure la cartella non è scrivibile. Non è stato installato nulla; una versione precedente è rimasta com'era."
LangString NO_ROOM ${LANG_ENGLISH} "$INSTDIR cannot be written: the disk has too little room (${NEEDED_MB} MB are needed) or the folder is protected. Nothing was installed; a version before is as it was."
LangString FILES_HELD ${LANG_ITALIAN} "I file appena copiati in $INSTDIR\app.new sono tenuti aperti da un altro programma, di solito un antivirus. Attendere qualche minuto e premere Riprova. Con Annulla non viene installato nulla di nuovo."
LangString FILES_HELD ${LANG_ENGLISH} "Another program, usually an antivirus program, holds the files open that were just copied to $INSTDIR\app.new. Wait some minutes and press Retry. With Cancel nothing new is installed."
LangString NO_WAY_BACK ${LANG_ITALIAN} "Archisync non può essere avviato: il programma si trova in $INSTDIR\app.old, ma un altro programma tiene aperti i suoi file e impedisce di rimetterlo in $INSTDIR\app. I dati sono intatti. Chiudere le altre applicazioni o riavviare il computer, poi eseguire di nuovo questo programma di installazione."
LangString NO_WAY_BACK ${LANG_ENGLISH} "Archisync cannot be started: the program lies in $INSTDIR\app.old, but another program holds its files open, so that it cannot be put back into $INSTDIR\app. The data is untouched. Close other programs or restart the computer, then run this installer again."
LangString ENDING ${LANG_ITALIAN} "Chiusura di Archisync: si attende la fine dell'aggiornamento in corso…"
LangString ENDING ${LANG_ENGLISH} "Ending Archisync: waiting for its read to end…"
LangString DATA_TITLE ${LANG_ITALIAN} "Dati"
LangString DATA_TITLE ${LANG_ENGLISH} "Data"
LangString DATA_SUB ${LANG_ITALIAN} "La copia dei dati dell'ERP, le bozze d'ordine, le impostazioni e i backup"
LangString DATA_SUB ${LANG_ENGLISH} "The copy of the ERP's data, the order drafts, settings and backups"
LangString DATA_KEEP ${LANG_ITALIAN} "I dati restano in ${DATA}, salvo diversa scelta. Le password restano in Gestione credenziali di Windows."
LangString DATA_KEEP ${LANG_ENGLISH} "The data stays in ${DATA}, unless you choose otherwise. Passwords stay in Windows' Credential Manager."
LangString DATA_REMOVE ${LANG_ITALIAN} "Elimina anche tutti i dati (le bozze d'ordine non inviate vanno perse)"
LangString DATA_REMOVE ${LANG_ENGLISH} "Remove all data, too (order drafts that were not sent are lost)"

LangString ELSEWHERE ${LANG_ITALIAN} "Archisync è già installato in $Elsewhere. Scegliere quella cartella per aggiornarlo. Per spostarlo in $INSTDIR, prima disinstallarlo da Impostazioni → App (i dati restano)."
LangString ELSEWHERE ${LANG_ENGLISH} "Archisync is installed in $Elsewhere already. Choose that folder to upgrade it. To move it to $INSTDIR, first uninstall it in Settings → Apps (the data stays)."
LangString FOREIGN ${LANG_ITALIAN} "La cartella $Foreign esiste già e non è di Archisync: l'installazione la eliminerebbe. Non è stato installato nulla. Scegliere un'altra cartella, per esempio $LOCALAPPDATA\Programs\Archisync."
LangString FOREIGN ${LANG_ENGLISH} "The folder $Foreign exists already and is not Archisync's: the installation would remove it. Nothing was installed. Choose another folder, such as $LOCALAPPDATA\Programs\Archisync."
LangString FOREIGN_STAYS ${LANG_ITALIAN} "La cartella $Foreign non è di Archisync. Non è stato rimosso nulla. Disinstallare Archisync da Impostazioni → App, oppure indicare dopo _?= la cartella di Archisync."
LangString FOREIGN_STAYS ${LANG_ENGLISH} "The folder $Foreign is not Archisync's. Nothing was removed. Uninstall Archisync in Settings → Apps, or name Archisync's folder after _?=."
LangString DATA_LEFT ${LANG_ITALIAN} "Non tutti i dati sono stati eliminati: un altro programma tiene aperti dei file in ${DATA}. Chiuderlo e premere Riprova, oppure eliminare la cartella a mano."
LangString DATA_LEFT ${LANG_ENGLISH} "Not all data was removed: another program holds files open in ${DATA}. Close it and press Retry, or remove the folder by hand."

Var Autostart    ; 1 or 0
Var Chosen       ; 1: $Autostart was asked for now; 0: it is as before
Var Checkbox
Var Restart      ; a list: one command line for each panel that ran
Var RemoveData   ; 1 or 0
Var Elsewhere    ; folder of the registered installation when it is another one than $INSTDIR, else ""
Var Here         ; 1: the registered installation is that in $INSTDIR
Var Foreign      ; a folder in $INSTDIR with a name that is used here, but of another program, else ""
Var Began        ; 1: files in $INSTDIR may have been changed

; In what is left of a folder that could not be removed entirely, where the programs may be gone.
!define REMAINS "archisync-remains.txt"

!macro INIT UN
  SetShellVarContext current
!macroend

Function .onInit
  !insertmacro INIT ""
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/AUTOSTART=" $Autostart
  StrCpy $Chosen 1
  ${If} ${Errors}
    StrCpy $Autostart 1
    ReadRegStr $0 HKCU "${UNINSTALL_KEY}" "InstallLocation"
    ReadRegStr $1 HKCU "${RUN_KEY}" "Archisync"
    ${If} $0 != ""
      StrCpy $Chosen 0
      ${If} $1 == ""
        StrCpy $Autostart 0
      ${EndIf}
    ${EndIf}
  ${EndIf}
FunctionEnd

; Set $Elsewhere and $Here. Two installations would share one entry in *Apps*, in the menu and in the autostart; the panel of the first
; would keep running, and its removal would remove the second one's entries. A folder that does not exist is ignored.
!macro FIND_ELSEWHERE UN
Function ${UN}FindElsewhere
  StrCpy $Here 0
  ReadRegStr $Elsewhere HKCU "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $Elsewhere == ""
    Return
  ${EndIf}
  GetFullPathName /SHORT $0 "$Elsewhere"   ; one folder can be written in several ways
  GetFullPathName /SHORT $1 "$INSTDIR"     ; "" when it is not there
  ${If} $0 == $1
  ${AndIf} $0 != ""
    StrCpy $Here 1
    StrCpy $Elsewhere ""
    Return
  ${EndIf}
  ${IfNot} ${FileExists} "$Elsewhere\app\*.*"
  ${AndIfNot} ${FileExists} "$Elsewhere\app.old\*.*"
    StrCpy $Elsewhere ""
  ${EndIf}
FunctionEnd
!macroend
!insertmacro FIND_ELSEWHERE ""
!insertmacro FIND_ELSEWHERE "un."

; Set $Foreign. Archisync renames and removes the folders app, app.old and app.new in $INSTDIR: each must be its own, which
; is seen by a program of ours, unless the registered installation is here. FindElsewhere comes first.
!macro FIND_FOREIGN UN
Function ${UN}LookAt   ; at the folder $R1
  ${If} ${FileExists} "$R1\*.*"
  ${AndIfNot} ${FileExists} "$R1\archisync-gui.exe"
  ${AndIfNot} ${FileExists} "$R1\archisync-gui-panel.exe"
  ${AndIfNot} ${FileExists} "$R1\${REMAINS}"
    StrCpy $Foreign "$R1"
  ${EndIf}
FunctionEnd
Function ${UN}FindForeign
  StrCpy $Foreign ""
  ${If} $Here == 1
    Return
  ${EndIf}
  StrCpy $R1 "$INSTDIR\app.new"
  Call ${UN}LookAt
  StrCpy $R1 "$INSTDIR\app.old"
  Call ${UN}LookAt
  StrCpy $R1 "$INSTDIR\app"
  Call ${UN}LookAt
FunctionEnd
!macroend
!insertmacro FIND_FOREIGN ""
!insertmacro FIND_FOREIGN "un."

Function DirectoryLeave
  Call FindElsewhere
  ${If} $Elsewhere != ""
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(ELSEWHERE)"
    StrCpy $INSTDIR $Elsewhere
    Abort   ; the page stays, with that folder
  ${EndIf}
  Call FindForeign
  ${If} $Foreign != ""
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(FOREIGN)"
    Abort
  ${EndIf}
FunctionEnd

Function OptionsPage
  !insertmacro MUI_HEADER_TEXT "$(OPTIONS)" "$(OPTIONS_SUB)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateCheckbox} 0 0 100% 12u "$(AUTOSTART)"
  Pop $Checkbox
  ${If} $Autostart == 1
    ${NSD_Check} $Checkbox
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function OptionsLeave
  StrCpy $0 $Autostart
  ${NSD_GetState} $Checkbox $Autostart
  ${If} $0 != $Autostart
    StrCpy $Chosen 1
  ${EndIf}
FunctionEnd

Function StartPanel
  Exec '"$INSTDIR\app\archisync-gui-panel.exe"'
FunctionEnd

; Ask the running panels of this user to end; the command lines that start them again are written into the file
; $Restart, in UTF-16, since the output of a program is limited to the characters of a code page.
!macro END_PANELS UN
Function ${UN}EndPanels
  StrCpy $Restart ""
  IfFileExists "$INSTDIR\app\archisync-gui.exe" 0 done
  DetailPrint "$(ENDING)"
  InitPluginsDir
  StrCpy $Restart "$PLUGINSDIR\restart.txt"
  nsExec::ExecToLog '"$INSTDIR\app\archisync-gui.exe" quit --all --restart-list "$Restart"'
  Pop $0   ; its output is in the log; whether the panels have ended is seen by renaming
  done:
FunctionEnd
!macroend
!insertmacro END_PANELS ""
!insertmacro END_PANELS "un."

; Rename the folder $R1 to $R2; sets the error flag if that fails. It is tried for fifteen seconds, since a panel
; releases its profile a little before its process ends, and an antivirus program may still read files, above all newly
; unpacked ones.
!macro RENAMED FROM TO UN
  StrCpy $R1 "${FROM}"
  StrCpy $R2 "${TO}"
  Call ${UN}Renamed
!macroend
!macro MOVE_AWAY UN
Function ${UN}Renamed
  StrCpy $R0 0
  again:
    ClearErrors
    Rename "$R1" "$R2"
    IfErrors 0 done
    IntOp $R0 $R0 + 1
    Sleep 500
    IntCmp $R0 30 failed again failed
  failed:
    SetErrors
  done:
FunctionEnd
; Remove app.old, also with repeats. Does not set the error flag: the next installation removes what is left.
Function ${UN}RemoveOld
  StrCpy $0 0
  again:
    StrCpy $R1 "$INSTDIR\app.old"
    Call ${UN}Removed
    IfFileExists "$INSTDIR\app.old\*.*" 0 done
    IntOp $0 $0 + 1
    Sleep 500
    IntCmp $0 30 done again done
  done:
FunctionEnd
; Remove the folder $R1, which is Archisync's; what cannot be removed is marked. Does not set the error flag.
Function ${UN}Removed
  RMDir /r "$R1"
  ${If} ${FileExists} "$R1\*.*"
    FileOpen $R2 "$R1\${REMAINS}" w
    FileClose $R2
  ${EndIf}
  ClearErrors
FunctionEnd
Function ${UN}RemoveNew
  StrCpy $R1 "$INSTDIR\app.new"
  Call ${UN}Removed
FunctionEnd
; Rename the program's folder to app.old; sets the error flag if that fails.
Function ${UN}MoveAway
  Call ${UN}RemoveOld
  IfFileExists "$INSTDIR\app\*.*" 0 done
  !insertmacro RENAMED "$INSTDIR\app" "$INSTDIR\app.old" "${UN}"
  done:
FunctionEnd
!macroend
!insertmacro MOVE_AWAY ""
!insertmacro MOVE_AWAY "un."

; Run the command lines in the file $Restart: only panels of this installation. FIND and TRIM: names of the macros.
!macro START_AGAIN UN FIND TRIM
Function ${UN}StartAgain
  ${If} $Restart == ""
    Return
  ${EndIf}
  ClearErrors
  FileOpen $0 "$Restart" r
  ${If} ${Errors}
    Return
  ${EndIf}
  ${Do}
    FileReadUTF16LE $0 $1
    ${If} ${Errors}
      ${ExitDo}
    ${EndIf}
    ${${FIND}} $2 $1 "$INSTDIR\app\" ">"
    ${If} $2 != ""
      ${${TRIM}} $1 $1
      Exec $1
      ClearErrors
    ${EndIf}
  ${Loop}
  FileClose $0
FunctionEnd
!macroend
!insertmacro START_AGAIN "" StrLoc TrimNewLines
!insertmacro START_AGAIN "un." UnStrLoc un.TrimNewLines

Section
  Call FindElsewhere   ; for a silent installation, which has no pages
  ${If} $Elsewhere != ""
    MessageBox MB_OK|MB_ICONSTOP "$(ELSEWHERE)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  Call FindForeign
  ${If} $Foreign != ""
    MessageBox MB_OK|MB_ICONSTOP "$(FOREIGN)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  StrCpy $Began 1
  SetOutPath "$INSTDIR"
  ; An installation that was interrupted, or could not restore the old version, has left the program as app.old.
  ${IfNot} ${FileExists} "$INSTDIR\app\*.*"
  ${AndIf} ${FileExists} "$INSTDIR\app.old\*.*"
    !insertmacro RENAMED "$INSTDIR\app.old" "$INSTDIR\app" ""
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONSTOP "$(NO_WAY_BACK)" /SD IDOK
      SetErrorLevel 3
      Abort
    ${EndIf}
  ${EndIf}
  Call RemoveNew
  ; Checked before, since a file that cannot be written ends the section at once (.onInstFailed), and other programs
  ; would have no space on this disk meanwhile.
  ClearErrors
  ${DriveSpace} "$INSTDIR\" "/D=F /S=M" $0
  ${IfNot} ${Errors}
  ${AndIf} $0 < ${NEEDED_MB}
    MessageBox MB_OK|MB_ICONSTOP "$(NO_ROOM)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  ClearErrors
  SetOutPath "$INSTDIR\app.new"
  File "${APP}/archisync-gui.exe"   ; first: the folder is known as ours if the installation is interrupted
  File /r "${APP}/*.*"
  SetOutPath "$INSTDIR"
  ${If} ${Errors}   ; a file could not be made
    Call RemoveNew
    MessageBox MB_OK|MB_ICONSTOP "$(NO_ROOM)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}

  Call EndPanels
  take_place:
  Call MoveAway
  ${If} ${Errors}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(STILL_RUNS)" /SD IDCANCEL IDRETRY take_place
    Call RemoveNew
    Call StartAgain
    SetErrorLevel 2
    Abort
  ${EndIf}
  put_in_place:
  !insertmacro RENAMED "$INSTDIR\app.new" "$INSTDIR\app" ""
  ${If} ${Errors}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(FILES_HELD)" /SD IDCANCEL IDRETRY put_in_place
    Call RemoveNew
    ${IfNot} ${FileExists} "$INSTDIR\app.old\*.*"
      SetErrorLevel 2   ; it was the first installation
      Abort
    ${EndIf}
    way_back:
    !insertmacro RENAMED "$INSTDIR\app.old" "$INSTDIR\app" ""
    ${If} ${Errors}
      MessageBox MB_RETRYCANCEL|MB_ICONSTOP "$(NO_WAY_BACK)" /SD IDCANCEL IDRETRY way_back
      SetErrorLevel 3
      Abort
    ${EndIf}
    Call StartAgain
    SetErrorLevel 2
    Abort
  ${EndIf}
  Call RemoveOld

  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Archisync.lnk" "$INSTDIR\app\archisync-gui-panel.exe"
  ; As autostart.py writes it: quoted only when the path has a space.
  StrCpy $0 "$INSTDIR\app\archisync-gui-panel.exe"
  ${StrLoc} $1 $0 " " ">"
  ${If} $1 != ""
    StrCpy $0 '"$0"'
  ${EndIf}
  ${If} $Autostart == 1
    WriteRegStr HKCU "${RUN_KEY}" "Archisync" "$0 --hidden --profile default"
  ${Else}
    DeleteRegValue HKCU "${RUN_KEY}" "Archisync"
  ${EndIf}
  ${If} $Chosen == 1
    DeleteRegValue HKCU "${APPROVED_KEY}" "Archisync"
  ${EndIf}
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "Archisync"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\app\archisync-gui-panel.exe"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "Archisync"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  Call StartAgain
SectionEnd

; The section was aborted, or a file could not be written, which ends the section without setting the error flag.
Function .onInstFailed
  ${If} $Began == 1   ; else the folder was refused
    SetOutPath "$TEMP"   ; app.new is the current folder, which cannot be removed
    Call RemoveNew
    RMDir "$INSTDIR"   ; if it is empty
  ${EndIf}
FunctionEnd

Function un.onInit
  !insertmacro INIT "un."
  StrCpy $RemoveData 0
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/DATA=" $0
  ${IfNot} ${Errors}
  ${AndIf} $0 == "remove"
    StrCpy $RemoveData 1
  ${EndIf}
FunctionEnd

Function un.DataPage
  !insertmacro MUI_HEADER_TEXT "$(DATA_TITLE)" "$(DATA_SUB)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 36u "$(DATA_KEEP)"
  Pop $0
  ${NSD_CreateCheckbox} 0 40u 100% 12u "$(DATA_REMOVE)"
  Pop $Checkbox
  nsDialogs::Show
FunctionEnd

Function un.DataLeave
  ${NSD_GetState} $Checkbox $RemoveData
FunctionEnd

; Remove the values of the Run key that start this installation's panel (one for each profile).
Function un.Autostarts
  StrCpy $0 0
  next:
    EnumRegValue $1 HKCU "${RUN_KEY}" $0
    StrCmp $1 "" done
    ReadRegStr $2 HKCU "${RUN_KEY}" $1
    ${UnStrLoc} $3 $2 "$INSTDIR\app\" ">"
    ${If} $3 != ""
      DeleteRegValue HKCU "${RUN_KEY}" $1
      DeleteRegValue HKCU "${APPROVED_KEY}" $1
    ${Else}
      IntOp $0 $0 + 1
    ${EndIf}
    Goto next
  done:
FunctionEnd

Section Uninstall
  Call un.FindElsewhere
  Call un.FindForeign
  ${If} $Foreign != ""
    MessageBox MB_OK|MB_ICONSTOP "$(FOREIGN_STAYS)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  Call un.EndPanels
  SetOutPath "$TEMP"   ; a folder that is the current one of a process cannot be renamed
  take_away:
  Call un.MoveAway
  ${If} ${Errors}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(STILL_RUNS)" /SD IDCANCEL IDRETRY take_away
    Call un.StartAgain
    SetErrorLevel 2
    Abort
  ${EndIf}
  Call un.RemoveOld
  Call un.RemoveNew
  ${If} $EXEFILE != "uninstall.exe"   ; with _?= the one in $INSTDIR is this one, or another program's
    Delete "$INSTDIR\uninstall.exe"
  ${EndIf}
  RMDir "$INSTDIR"
  Call un.Autostarts
  ${If} $Elsewhere == ""   ; else these belong to the installation that is registered
    Delete "$SMPROGRAMS\Archisync.lnk"
    DeleteRegKey HKCU "${UNINSTALL_KEY}"
    DeleteRegKey HKCU "Software\Classes\AppUserModelId\Archisync"   ; written by toasts.py
  ${EndIf}
  ${If} $RemoveData == 1
    remove_data:
    RMDir /r "${DATA}"
    ${If} ${FileExists} "${DATA}\*.*"
      MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(DATA_LEFT)" /SD IDCANCEL IDRETRY remove_data
      SetErrorLevel 3
    ${EndIf}
  ${EndIf}
SectionEnd
