/* Stands for Archisync where only the installer is tested (`conftest.py`). Compiled twice:

     archisync-gui.exe        `quit` does what the plan in ..\hold.txt says, and gives the file that --restart-list names the
                              content of ..\restart.txt; `hold FOLDER MILLISECONDS` keeps a folder open, so that it cannot
                              be renamed, as an antivirus program does
     archisync-gui-panel.exe  (-DPANEL) notes its command line in ..\started.txt, as UTF-16 */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

static wchar_t home[4096];

#ifdef PANEL
int wmain(int count, wchar_t **given)
{
    wchar_t path[5000];
    FILE *notes;
    GetModuleFileNameW(NULL, home, 4096);
    *wcsrchr(home, L'\\') = 0;
    swprintf(path, 5000, L"%ls\\..\\started.txt", home);
    notes = _wfopen(path, L"ab");
    fwrite(GetCommandLineW(), 2, wcslen(GetCommandLineW()), notes);
    fwrite(L"\n", 2, 1, notes);
    fclose(notes);
    return 0;
}
#else
static int hold(const wchar_t *folder, int milliseconds)
{
    int tries;
    HANDLE open = INVALID_HANDLE_VALUE;
    for (tries = 0; tries < 6000 && open == INVALID_HANDLE_VALUE; tries++) {  /* it may not be there yet */
        open = CreateFileW(folder, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                           FILE_FLAG_BACKUP_SEMANTICS, NULL);
        if (open == INVALID_HANDLE_VALUE)
            Sleep(5);
    }
    fclose(_wfopen(L"C:\\holds.txt", L"ab"));
    Sleep(milliseconds);
    return 0;
}

int wmain(int count, wchar_t **given)
{
    wchar_t own[4096], path[5000], line[9000], folder[200];
    STARTUPINFOW how = {sizeof how};
    PROCESS_INFORMATION started;
    int i, milliseconds;
    FILE *plan;

    GetModuleFileNameW(NULL, own, 4096);
    wcscpy(home, own);
    *wcsrchr(home, L'\\') = 0;
    if (count == 4 && wcscmp(given[1], L"hold") == 0)
        return hold(given[2], _wtoi(given[3]));
    swprintf(path, 5000, L"%ls\\..\\restart.txt", home);
    for (i = 1; i + 1 < count; i++)
        if (wcscmp(given[i], L"--restart-list") == 0)
            CopyFileW(path, given[i + 1], FALSE);
    swprintf(path, 5000, L"%ls\\..\\asked.txt", home);
    fclose(_wfopen(path, L"ab"));
    swprintf(path, 5000, L"%ls\\..\\hold.txt", home);
    plan = _wfopen(path, L"r");
    while (plan != NULL && fwscanf(plan, L"%199ls %d", folder, &milliseconds) == 2) {
        swprintf(line, 9000, L"\"%ls\" hold \"%ls\\..\\%ls\" %d", own, home, folder, milliseconds);
        CreateProcessW(own, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, L"C:\\", &how, &started);
        Sleep(300);
    }
    fputs("The other Archisync stays.\n", stderr);
    return 0;
}
#endif
