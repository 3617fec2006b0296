// build: preload
// env: MIMALLOC_SHOW_ERRORS=1
// env: MIMALLOC_PURGE_DELAY=soon
// env: MIMALLOC_NO_SUCH_OPTION=1
// stderr: mimalloc: warning
// stderr: MIMALLOC_PURGE_DELAY
// stderr: soon
// stderr: MIMALLOC_NO_SUCH_OPTION
// A malformed option value and a name that is no option are reported, and the defaults kept.
#include "check.h"

extern long mi_option_get(int) __attribute__((weak));

int main(void) {
  free(malloc(10));
  CHECK(mi_option_get != NULL && mi_option_get(15) == 1000);
  CHECK(mi_option_get(-1) == 0 && mi_option_get(47) == 0 && mi_option_get(1999) == 0);
  return 0;
}
