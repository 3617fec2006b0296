// build: shared
// A C++ plugin for new_plugin.c: catches what operator new throws.
#include <new>
#include "check.h"

static int calls;
static void handler() {
  if (++calls == 2) std::set_new_handler(nullptr);
}

extern "C" int plugin_run() {
  size_t too_large = opaque_size((size_t)PTRDIFF_MAX - 100);
  std::set_new_handler(handler);
  try {
    opaque(::operator new(too_large));
  } catch (const std::bad_alloc&) {
    if (::operator new(too_large, std::nothrow) != nullptr) return 2;
    delete new int(5);
    return calls == 2 ? 0 : 3;
  }
  return 1;
}
