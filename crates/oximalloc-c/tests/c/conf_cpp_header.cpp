// build: link
// tests: mi_malloc mi_free mi_heap_new mi_heap_malloc mi_heap_delete
// The header in C++: the functions have C names, do not throw where they say so, and take the callbacks.
#include "conf.h"

static bool see_one(const mi_heap_t*, const mi_heap_area_t*, void* block, size_t, void* arg) {
  *static_cast<int*>(arg) += block != nullptr;
  return true;
}
int main() {
  void* p = mi_malloc(10);
  CHECK(p != nullptr);
  mi_free(p);
  mi_heap_t* heap = mi_heap_new();
  p = mi_heap_malloc(heap, 100);
  int count = 0;
  CHECK(mi_heap_visit_blocks(heap, true, see_one, &count) && count == 1);
  mi_free(p);
  mi_heap_delete(heap);
  mi_subproc_id_t sub = mi_subproc_main();
  CHECK(mi_subproc_visit_heaps(sub, [](mi_heap_t*, void*) { return true; }, nullptr));
  static_assert(noexcept(mi_free(nullptr)) && noexcept(mi_malloc(1)), "these do not throw");
  return 0;
}
