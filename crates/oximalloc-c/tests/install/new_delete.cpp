// With a library that has only the mi_ names: mimalloc-new-delete.h in one source file leads every form of new to it.
#include <mimalloc-new-delete.h>
#include <cstdint>
#include <memory>
#include <string>
#include "ours.h"

struct alignas(128) Wide {
  char bytes[300];
};

template <class T>
static void both() {
  T* one = new T;
  CHECK(mi_is_in_heap_region(one) && reinterpret_cast<std::uintptr_t>(one) % alignof(T) == 0);
  delete one;
  T* some = new T[3];
  CHECK(mi_is_in_heap_region(some) && reinterpret_cast<std::uintptr_t>(some) % alignof(T) == 0);
  delete[] some;
  one = new (std::nothrow) T;
  CHECK(mi_is_in_heap_region(one));
  delete one;
  some = new (std::nothrow) T[3];
  CHECK(mi_is_in_heap_region(some));
  delete[] some;
}

int main() {
  check_version();
  CHECK(!mi_is_in_heap_region(std::malloc(8)));
  both<int>();
  both<Wide>();
  std::string text(1000, 'x');
  CHECK(mi_is_in_heap_region(text.data()) && mi_is_in_heap_region(std::make_unique<int>(3).get()));
  ::operator delete(::operator new(10), std::nothrow);
  ::operator delete[](::operator new[](10), std::nothrow);
  ::operator delete(::operator new(10, std::align_val_t(64)), std::align_val_t(64), std::nothrow);
  ::operator delete[](::operator new[](10, std::align_val_t(64)), std::align_val_t(64), std::nothrow);
  return 0;
}
