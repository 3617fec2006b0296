// build: link
// mi_new and its kin throw as operator new does, call the new-handler, and keep the block that cannot grow.
#include <mimalloc.h>
#include <new>
#include "check.h"

static int calls;
static void handler() {
  if (++calls == 2) std::set_new_handler(nullptr);
}

template <class F>
static void throws(F f) {
  calls = 0;
  std::set_new_handler(handler);
  try {
    f();
  } catch (const std::bad_alloc&) {
    CHECK(calls == 2);
    return;
  }
  CHECK(!"thrown");
}

int main() {
  size_t most = opaque_size(PTRDIFF_MAX - 100);
  char* p = static_cast<char*>(mi_new(100));
  strcpy(p, "kept");
  throws([=] { opaque(mi_new(most)); });
  throws([=] { opaque(mi_new_aligned(most, 64)); });
  throws([=] { opaque(mi_new_n(most, 64)); });
  throws([=] { opaque(mi_new_n(most / 32, 16)); });
  throws([=] { opaque(mi_new_realloc(p, most)); });
  throws([=] { opaque(mi_new_reallocn(p, most, 64)); });
  CHECK(mi_new_nothrow(most) == nullptr && mi_new_aligned_nothrow(most, 64) == nullptr);
  CHECK(strcmp(p, "kept") == 0);
  p = static_cast<char*>(mi_new_realloc(p, 1000));
  p = static_cast<char*>(mi_new_reallocn(p, 1000, 8));
  CHECK(strcmp(p, "kept") == 0 && mi_usable_size(p) >= 8000);
  mi_free(p);
  mi_free(mi_new_n(10, 10));
  p = static_cast<char*>(mi_new_aligned(10, 256));
  CHECK(is_aligned(p, 256));
  mi_free(p);
  mi_free(mi_new_nothrow(10));
  mi_free(mi_new_aligned_nothrow(10, 64));
  delete static_cast<int*>(mi_new(4));
  return 0;
}
