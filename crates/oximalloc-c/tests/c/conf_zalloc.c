// build: link
// tests: mi_zalloc
// A zeroed block is zero over the whole of its size, also where there was something else before.
#include "conf.h"

int main(void) {
  EACH_SIZE(size) {
    for (int round = 0; round < 3; round++) {
      soil(size);
      void* p[20];
      int count = size > 1 << 20 ? 2 : 20;
      for (int i = 0; i < count; i++) {
        CHECK((p[i] = mi_zalloc(size)) != NULL && all_bytes(p[i], size, 0));
        memset(p[i], 0xee, size);
      }
      for (int i = 0; i < count; i++) mi_free(p[i]);
    }
  }
  void* p = mi_zalloc(0);
  CHECK(p != NULL);
  mi_free(p);
  CHECK(mi_zalloc(TOO_MUCH) == NULL);
  return 0;
}
