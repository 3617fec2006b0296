// build: link
// Blocks that the runtime gave before it was redirected go back to it. There is a heap for them that it tells.
#include "../conf.h"

int main(void) {
  CHECK(mi_is_redirected());
  HANDLE heap = (HANDLE)_get_heap_handle();
  char* p = HeapAlloc(heap, 0, 1000);
  CHECK(p != NULL && !mi_any_heap_contains(p) && _msize(p) == 1000);
  fill(p, 1000, 1);
  CHECK(_expand(p, 500) == p && _msize(p) == 500);
  p = realloc(p, 5000);
  CHECK(mi_any_heap_contains(p) && filled(p, 256, 1));
  free(p);
  p = HeapAlloc(heap, 0, 1000);
  CHECK(p != NULL);
  free(p);
  CHECK(realloc(HeapAlloc(heap, 0, 1000), 0) == NULL);
  CHECK(HeapValidate(heap, 0, NULL));
  return 0;
}
