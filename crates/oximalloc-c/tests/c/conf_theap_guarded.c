// build: link
// tests: mi_theap_guarded_set_sample_rate mi_theap_guarded_set_size_bound
// Sampling of guarded blocks can be asked for, whether or not the library has it: blocks work as ever, and it can be
// turned off again.
#include "conf.h"

int main(void) {
  mi_theap_t* theap = mi_theap_get_default();
  mi_theap_guarded_set_size_bound(theap, 8, 1 << 16);
  mi_theap_guarded_set_sample_rate(theap, 10, 1);
  char* p[500];
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 500; i++) {
      size_t size = (size_t)i * 211 % 9000 + 1;
      CHECK((p[i] = mi_malloc(size)) != NULL && mi_usable_size(p[i]) >= size);
      fill(p[i], size, (unsigned)i);
    }
    for (int i = 0; i < 500; i++) {
      size_t size = (size_t)i * 211 % 9000 + 1;
      CHECK(filled(p[i], size, (unsigned)i));
      if (i % 3 == 0) {
        p[i] = mi_realloc(p[i], size * 2);
        CHECK(p[i] != NULL && filled(p[i], size, (unsigned)i));
      }
      mi_free(p[i]);
    }
    if (round == 1) mi_theap_guarded_set_sample_rate(theap, 0, 0);
    if (round == 2) mi_theap_guarded_set_size_bound(theap, 0, 0);
  }
  return 0;
}
