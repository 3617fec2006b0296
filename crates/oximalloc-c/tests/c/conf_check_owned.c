// build: link
// tests: mi_check_owned
// Is it a block of this thread's heap? Not what is no block of ours at all.
#include "conf.h"

static int global;
int main(void) {
  int local;
  EACH_SIZE(size) {
    void* p = mi_malloc(size);
    CHECK(mi_check_owned(p));
    mi_free(p);
  }
  CHECK(!mi_check_owned(NULL) && !mi_check_owned(opaque(&local)) && !mi_check_owned(&global));
  return 0;
}
