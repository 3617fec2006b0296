// build: link
// tests: mi_collect
// Collecting keeps what is in use; by force it returns the rest to the system.
#include "conf.h"

int main(void) {
  char* p[2000];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 2000; i++) memset(p[i] = mi_malloc((size_t)i * 20 + 1), i, (size_t)i * 20 + 1);
    mi_collect(false);
    for (int i = 0; i < 2000; i++) CHECK(all_bytes(p[i], (size_t)i * 20 + 1, (unsigned char)i));
    long full = rss_kib();
    for (int i = 0; i < 2000; i++) if (i % 50 != 0) mi_free(p[i]);
    mi_collect(true);
    CHECK(rss_kib() < full - 15000);
    for (int i = 0; i < 2000; i += 50) {
      CHECK(all_bytes(p[i], (size_t)i * 20 + 1, (unsigned char)i));
      mi_free(p[i]);
    }
    mi_collect(true);
  }
  return 0;
}
