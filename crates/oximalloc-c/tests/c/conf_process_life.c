// build: link
// tests: mi_process_init mi_process_done
// To begin again does nothing; after the end blocks can still be freed and allocated, and ending twice is no harm.
#include "conf.h"

int main(void) {
  mi_process_init();
  mi_process_init();
  char* p = mi_malloc(1000);
  fill(p, 1000, 1);
  mi_process_done();
  CHECK(filled(p, 1000, 1));
  mi_free(p);
  mi_free(mi_malloc(100));
  mi_process_done();
  return 0;
}
