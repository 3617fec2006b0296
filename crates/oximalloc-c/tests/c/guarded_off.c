// build: preload
// env: MIMALLOC_GUARDED_PRECISE=1
// Nothing is guarded unless it is asked for.
#include "guarded.h"

int main(void) {
  void* p[2000];
  for (int i = 0; i < 2000; i++) p[i] = malloc((size_t)i * 4);
  for (int i = 0; i < 2000; i++) CHECK(!is_guarded(p[i]) && is_aligned(p[i], 16));
  for (int i = 0; i < 2000; i++) free(p[i]);
  return 0;
}
