/* The header for the host's own libuv, alone in its file and twice. */
#include <scriptloop_uv.h>

int main(void);

int main(void) {
    return sl_uv_functions() == NULL;
}
