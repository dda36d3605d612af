/* Qt6Core.dll is linked against Windows' icuuc.dll, which Wine lacks. Qt calls it for text encodings that it does not know
   itself. Every call here fails with U_FILE_ACCESS_ERROR, so Qt treats such an encoding as unknown. */
#define EXPORT __declspec(dllexport)
enum { U_FILE_ACCESS_ERROR = 4 };

EXPORT void *ucnv_open(const char *name, int *error) { (void)name; *error = U_FILE_ACCESS_ERROR; return 0; }
EXPORT void ucnv_close(void *converter) { (void)converter; }
EXPORT int ucnv_countAvailable(void) { return 0; }
EXPORT const char *ucnv_getAvailableName(int index) { (void)index; return 0; }
EXPORT const char *ucnv_getName(void *converter, int *error) { (void)converter; *error = U_FILE_ACCESS_ERROR; return 0; }
EXPORT const char *ucnv_getStandardName(const char *name, const char *standard, int *error)
{ (void)name; (void)standard; *error = U_FILE_ACCESS_ERROR; return 0; }
EXPORT signed char ucnv_getMaxCharSize(void *converter) { (void)converter; return 1; }
EXPORT int ucnv_toUCountPending(void *converter, int *error) { (void)converter; (void)error; return 0; }
EXPORT int ucnv_fromUCountPending(void *converter, int *error) { (void)converter; (void)error; return 0; }

/* Never reached without a converter; they only have to exist. */
EXPORT void ucnv_reset(void) {}
EXPORT void ucnv_toUnicode(void) {}
EXPORT void ucnv_fromUnicode(void) {}
EXPORT void ucnv_getToUCallBack(void) {}
EXPORT void ucnv_getFromUCallBack(void) {}
EXPORT void ucnv_setToUCallBack(void) {}
EXPORT void ucnv_setFromUCallBack(void) {}
EXPORT void ucnv_cbToUWriteUChars(void) {}
EXPORT void ucnv_cbFromUWriteUChars(void) {}
EXPORT void UCNV_FROM_U_CALLBACK_SUBSTITUTE(void) {}
EXPORT void UCNV_TO_U_CALLBACK_SUBSTITUTE(void) {}
