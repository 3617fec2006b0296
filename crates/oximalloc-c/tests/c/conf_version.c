// build: link
// tests: mi_version mi_is_redirected
// The version is the header's, of the third generation; nothing is redirected, but on Windows. (The reference
// library that these tests were tried with is a little older than the header.)
#include "conf.h"

int main(void) {
  CHECK(mi_version() / 10000 == 3 && mi_version() == MI_MALLOC_VERSION);
#ifdef _WIN32
  // The DLL redirects, and the static library does not.
  CHECK(mi_is_redirected() == mi_any_heap_contains(malloc(1)));
#else
  CHECK(!mi_is_redirected());
#endif
  return 0;
}
