// build: link
// tests: mi_reallocf
// As realloc, but what fails frees the block: ten thousand failures on 1 MiB each stay small.
#include "conf.h"

int main(void) {
  char* p = mi_reallocf(NULL, 100);
  CHECK(p != NULL);
  fill(p, 100, 1);
  p = mi_reallocf(p, 100000);
  CHECK(p != NULL && filled(p, 100, 1));
  p = mi_reallocf(p, 50);
  CHECK(p != NULL && filled(p, 50, 1));
  CHECK(mi_reallocf(p, TOO_MUCH) == NULL);
  CHECK(mi_reallocf(NULL, TOO_MUCH) == NULL);
  long before = rss_kib();
  for (int i = 0; i < 10000; i++) {
    CHECK((p = mi_malloc(1 << 20)) != NULL);
    memset(p, 1, 4096);
    CHECK(mi_reallocf(p, TOO_MUCH) == NULL);
  }
  CHECK(rss_kib() < before + 20000);
  return 0;
}
