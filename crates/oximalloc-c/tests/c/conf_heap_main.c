// build: link
// tests: mi_heap_main mi_heap_of mi_heap_malloc
// One main heap for all threads: it holds what plain functions allocate, and serves the heap functions as well.
#include "conf.h"

static mi_heap_t* seen[8];
static void* work(void* arg) {
  seen[(intptr_t)arg] = mi_heap_main();
  char* p = mi_malloc(100);
  CHECK(mi_heap_of(p) == mi_heap_main());
  mi_free(p);
  p = mi_heap_malloc(mi_heap_main(), 1000);
  belongs(mi_heap_main(), p, 1000);
  mi_free(p);
  return NULL;
}
int main(void) {
  CHECK(mi_heap_main() != NULL && mi_heap_main() == mi_heap_main());
  crew(8, work);
  for (int i = 0; i < 8; i++) CHECK(seen[i] == mi_heap_main());
  char* s = mi_strdup("text");
  CHECK(mi_heap_of(s) == mi_heap_main() && look(mi_heap_main(), s).found == 1);
  mi_free(s);
  return 0;
}
