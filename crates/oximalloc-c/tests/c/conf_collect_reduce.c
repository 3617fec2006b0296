// build: link
// tests: mi_collect_reduce
// Gives memory of this thread back, down to about what is asked for, and keeps what is in use. (The reference library
// does not have this function.)
#include "conf.h"

int main(void) {
  char* p[200];
  for (int i = 0; i < 200; i++) fill(p[i] = mi_malloc(100000), 100000, 1);
  mi_collect_reduce(0);
  for (int i = 0; i < 200; i++) CHECK(filled(p[i], 100000, 1));
  for (int i = 1; i < 200; i++) mi_free(p[i]);
  mi_collect_reduce(SIZE_MAX);
  mi_collect_reduce(1 << 20);
  mi_collect_reduce(0);
  CHECK(filled(p[0], 100000, 1));
  mi_free(p[0]);
  mi_free(mi_malloc(100));
  return 0;
}
