// build: link
// A block that another thread freed is no longer seen, whether or not its owner has heard of it.
#include "conf.h"

static void* p[1000];
static void* free_them(void* arg) {
  for (int i = (int)(intptr_t)arg; i < 1000; i += 2) if (i % 3 != 0) mi_free(p[i]);
  return NULL;
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (int i = 0; i < 1000; i++) p[i] = mi_heap_malloc(heap, (size_t)i % 500 + 1);
  crew(2, free_them);
  CHECK(live(heap) == 334);
  for (int i = 0; i < 1000; i++) CHECK(look(heap, p[i]).found == (i % 3 == 0));
  mi_heap_destroy(heap);
  return 0;
}
