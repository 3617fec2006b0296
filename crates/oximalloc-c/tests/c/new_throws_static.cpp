// build: static
// With the static library: operator new that cannot allocate throws std::bad_alloc, caught here through frames
// with destructors.
#include <new>
#include <string>
#include <vector>
#include "check.h"

static int destroyed = 0;
struct Guard {
  ~Guard() { destroyed++; }
};

template <class F>
static void throws(F f) {
  int before = destroyed;
  bool caught = false;
  try {
    Guard guard;
    f();
  } catch (const std::bad_alloc& e) {
    caught = e.what() != nullptr;
  }
  CHECK(caught && destroyed == before + 1);
}

int main() {
  size_t too_large = opaque_size((size_t)PTRDIFF_MAX - 100);
  size_t too_large_for_the_system = opaque_size(MORE_THAN_ANY);
  for (int i = 0; i < 1000; i++) {
    throws([=] { opaque(::operator new(too_large)); });
    throws([=] { opaque(::operator new(too_large_for_the_system)); });
    throws([=] { opaque(::operator new[](too_large)); });
    throws([=] { opaque(::operator new(too_large, std::align_val_t(256))); });
    throws([=] { opaque(::operator new[](too_large, std::align_val_t(4096))); });
  }
  throws([=] { std::vector<char> v(too_large - 1000); });
  throws([=] { std::string s(too_large / 2, 'x'); });
  int* p = new int[1000];
  delete[] p;
  return 0;
}
