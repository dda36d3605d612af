/* Runs Archisync in the process of this program, with python313.dll from its folder. Compiled twice (build_windows.py):

     archisync-gui-panel.exe   without console: the panel, for the Start menu and the autostart
     archisync-gui.exe         with console: the command line

   One process instead of a launcher and a pythonw.exe, so that taskbar, task manager and firewall show Archisync.
   sys.executable is the real interpreter in this folder, which the doctor starts for a check. */
#include <windows.h>
#include <wchar.h>

typedef int (*py_main)(int, wchar_t **);

static int fail(const wchar_t *what)
{
    wchar_t text[1200];
    const wchar_t *todo = L"L'installazione \x00e8 incompleta: avviare di nuovo il programma di installazione.\n"
                          L"The installation is incomplete: run the installer again.";
    swprintf(text, 1200, L"Archisync: %ls\n\n%ls", what, todo);
#ifdef PANEL
    MessageBoxW(NULL, text, L"Archisync", MB_ICONERROR | MB_OK);
#else
    fwprintf(stderr, L"%ls\n", text);
#endif
    return 69;
}

int wmain(int count, wchar_t **given)
{
    static wchar_t folder[32768], python[32768], library[32768];
    wchar_t **arguments, *end;
    HMODULE module;
    py_main start;
    int i;

    GetModuleFileNameW(NULL, folder, 32768);
    end = wcsrchr(folder, L'\\');
    *end = 0;
#ifdef PANEL
    swprintf(python, 32768, L"%ls\\pythonw.exe", folder);
#else
    swprintf(python, 32768, L"%ls\\python.exe", folder);
#endif
    swprintf(library, 32768, L"%ls\\" PYTHON_DLL, folder);
    module = LoadLibraryExW(library, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (module == NULL)
        return fail(library);
    start = (py_main)(void *)GetProcAddress(module, "Py_Main");
    if (start == NULL)
        return fail(L"Py_Main");
    arguments = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(wchar_t *) * (size_t)(count + 3));
    arguments[0] = python; /* becomes sys.executable */
    arguments[1] = L"-m";
    arguments[2] = L"archisync_gui";
    for (i = 1; i < count; i++)
        arguments[i + 2] = given[i];
    return start(count + 2, arguments);
}

#ifdef PANEL
int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, wchar_t *line, int show)
{
    (void)instance; (void)before; (void)line; (void)show;
    return wmain(__argc, __wargv);
}
#endif
