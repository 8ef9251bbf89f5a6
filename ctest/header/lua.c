/* The header for the host's own Lua, alone in its file and twice. */
#include <scriptloop_lua.h>

int main(void);

int main(void) {
    return 0;
}
