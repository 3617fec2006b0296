// build: link
// tests: mi_new mi_new_aligned mi_new_n mi_new_realloc mi_new_reallocn mi_heap_alloc_new mi_heap_alloc_new_n
// Without memory these call the new handler, as often as it returns, and then throw std::bad_alloc; the block that
// was to grow is still there. (The reference library, when its build is C, ends the program here instead.)
#include <new>
#include "conf.h"

static int calls;
static void handler() {
  if (++calls % 3 == 0) std::set_new_handler(nullptr);
}
template <class F>
static void throws(F f) {
  calls = 0;
  std::set_new_handler(handler);
  bool thrown = false;
  try {
    CHECK(opaque(f()) == nullptr);
    CHECK(false);
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  CHECK(thrown && calls == 3);
}
// A product that overflows is refused at once.
template <class F>
static void overflows(F f) {
  bool thrown = false;
  std::set_new_handler(nullptr);
  try {
    CHECK(opaque(f()) == nullptr);
    CHECK(false);
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  CHECK(thrown);
}

int main() {
  char* p = (char*)mi_new(100);
  fill(p, 100, 1);
  mi_heap_t* heap = mi_heap_new();
  throws([] { return mi_new(TOO_MUCH); });
  throws([] { return mi_new_aligned(TOO_MUCH, 64); });
  throws([] { return mi_new_n(TOO_MUCH, 1); });
  throws([=] { return mi_new_realloc(p, TOO_MUCH); });
  throws([=] { return mi_new_reallocn(p, 1, TOO_MUCH); });
  throws([=] { return mi_heap_alloc_new(heap, TOO_MUCH); });
  throws([=] { return mi_heap_alloc_new_n(heap, 1, TOO_MUCH); });
  overflows([] { return mi_new_n(OVERFLOWING, 16); });
  overflows([=] { return mi_new_reallocn(p, OVERFLOWING, 16); });
  overflows([=] { return mi_heap_alloc_new_n(heap, OVERFLOWING, 16); });
  CHECK(filled(p, 100, 1));
  mi_free(p);
  mi_heap_delete(heap);
  return 0;
}
