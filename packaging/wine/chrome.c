/* Installed in place of Google Chrome. It starts a Chromium on the Linux host through browser_outside.py and forwards
   Playwright's two debugging pipes: handle 3 has commands to the browser, handle 4 its answers.

   Protocol: a line with the number of arguments, one line for each argument, then the bytes of the pipes in both directions. */
#include <winsock2.h>
#include <windows.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SOCKET host;

static int send_all(const char *data, int size)
{
    while (size > 0) {
        int sent = send(host, data, size, 0);
        if (sent <= 0)
            return 0;
        data += sent;
        size -= sent;
    }
    return 1;
}

/* Commands: from Playwright's pipe to the host. The end of the pipe means that Playwright has ended. */
static DWORD WINAPI pass_commands(LPVOID pipe)
{
    static char block[1 << 16];
    DWORD size;
    while (ReadFile((HANDLE)pipe, block, sizeof block, &size, NULL) && size > 0)
        if (!send_all(block, (int)size))
            break;
    ExitProcess(0);
}

int main(int count, char **arguments)
{
    static char block[1 << 16];
    struct sockaddr_in address = {0};
    const char *port = getenv("ARCHISYNC_BROWSER_PORT");
    HANDLE commands = (HANDLE)_get_osfhandle(3), answers = (HANDLE)_get_osfhandle(4);
    WSADATA wsa;
    int i, size;

    for (i = 1; i < count; i++)
        if (strstr(arguments[i], "--version") || strstr(arguments[i], "--product-version")) {
            puts("Google Chrome 140.0.0.0");
            return 0;
        }
    WSAStartup(MAKEWORD(2, 2), &wsa);
    host = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)(port ? atoi(port) : 0));
    if (port == NULL || connect(host, (struct sockaddr *)&address, sizeof address) != 0) {
        fputs("no browser on the host: ARCHISYNC_BROWSER_PORT does not lead to browser_outside.py\n", stderr);
        return 1;
    }
    sprintf(block, "%d\n", count - 1);
    send_all(block, (int)strlen(block));
    for (i = 1; i < count; i++) {
        send_all(arguments[i], (int)strlen(arguments[i]));
        send_all("\n", 1);
    }
    CreateThread(NULL, 0, pass_commands, (LPVOID)commands, 0, NULL);
    while ((size = recv(host, block, sizeof block, 0)) > 0) {
        DWORD done, written;
        for (done = 0; done < (DWORD)size; done += written)
            if (!WriteFile(answers, block + done, (DWORD)size - done, &written, NULL))
                return 0;
    }
    return 0;
}
