/* The header is complete by itself, may be included twice and declares what it promises. */
#include <scriptloop.h>

#include <scriptloop.h>

#ifdef loop_new
#error "short names are defined without being asked for"
#endif

sl_status (*plain_loop_new)(const sl_loop_config *, sl_loop **) = sl_loop_new;

uint32_t plain_version(void);
uint32_t plain_version(void) {
    return sl_version() == SL_VERSION_NUMBER ? SL_ABI : 0;
}
