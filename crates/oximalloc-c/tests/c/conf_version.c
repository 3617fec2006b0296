// build: link
// tests: mi_version mi_is_redirected
// The version is the header's, of the third generation; nothing is redirected, which is for Windows. (The reference
// library that these tests were tried with is a little older than the header.)
#include "conf.h"

int main(void) {
  CHECK(mi_version() / 10000 == 3 && mi_version() == MI_MALLOC_VERSION);
  CHECK(!mi_is_redirected());
  return 0;
}
