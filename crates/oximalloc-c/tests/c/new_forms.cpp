// secure: 0 1 2
// build: preload
// All forms of operator new and delete: plain, array, sized, aligned, nothrow, and mixed with free.
#include <memory>
#include <new>
#include <vector>
#include "check.h"

struct alignas(64) Line {
  char bytes[64];
};
struct alignas(4096) Page {
  char bytes[4096];
};

int main() {
  for (size_t size = 0; size < 100000; size += size / 5 + 1) {
    void* p = ::operator new(size);
    CHECK(p != nullptr && malloc_usable_size(p) >= size);
    ::operator delete(p, size);
    p = ::operator new[](size);
    ::operator delete[](p, size);
    p = ::operator new(size);
    ::operator delete(p);
    p = ::operator new(size, std::nothrow);
    CHECK(p != nullptr);
    ::operator delete(p, std::nothrow);
    p = ::operator new[](size, std::nothrow);
    CHECK(p != nullptr);
    ::operator delete[](p, std::nothrow);
    for (size_t alignment = 16; alignment <= 65536; alignment *= 4) {
      auto at = std::align_val_t(alignment);
      p = ::operator new(size, at);
      CHECK(is_aligned(p, alignment));
      ::operator delete(p, at);
      p = ::operator new[](size, at);
      CHECK(is_aligned(p, alignment));
      ::operator delete[](p, size, at);
      p = ::operator new(size, at, std::nothrow);
      CHECK(is_aligned(p, alignment));
      ::operator delete(p, at, std::nothrow);
      p = ::operator new[](size, at, std::nothrow);
      CHECK(is_aligned(p, alignment));
      ::operator delete[](p, at, std::nothrow);
      p = ::operator new(size, at);
      ::operator delete(p, size, at);
    }
  }
  ::operator delete(nullptr);
  ::operator delete[](nullptr);
  ::operator delete(nullptr, (size_t)8);
  ::operator delete(nullptr, std::align_val_t(64));
  free(::operator new(10));
  CHECK(::operator new(opaque_size(PTRDIFF_MAX - 100), std::nothrow) == nullptr);
  CHECK(::operator new(opaque_size(PTRDIFF_MAX - 100), std::align_val_t(64), std::nothrow) == nullptr);

  std::vector<std::unique_ptr<Line>> lines;
  std::vector<Page> pages(10);
  for (int i = 0; i < 1000; i++) {
    lines.push_back(std::make_unique<Line>());
    CHECK(is_aligned(lines.back().get(), 64));
  }
  CHECK(is_aligned(pages.data(), 4096));
  return 0;
}
