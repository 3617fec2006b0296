// build: preload
// env: MIMALLOC_SHOW_ERRORS=1
// no-stderr: mimalloc: error
// A program has an operator new and an operator delete of its own, which put a word before each object. All other operators
// call these, as the standard says: with a size, of arrays, nothrow.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include "check.h"

static long live, news;
static bool fails;
static const size_t BEFORE = 16, MARK = 0x5AFE;

__attribute__((noinline)) void* operator new(size_t size) {
  if (fails) throw std::bad_alloc();
  char* p = static_cast<char*>(malloc(size + BEFORE));
  if (p == nullptr) throw std::bad_alloc();
  *reinterpret_cast<size_t*>(p) = MARK;
  live++, news++;
  return p + BEFORE;
}

__attribute__((noinline)) void operator delete(void* p) noexcept {
  if (p == nullptr) return;
  char* start = static_cast<char*>(p) - BEFORE;
  CHECK(*reinterpret_cast<size_t*>(start) == MARK);
  live--;
  free(start);
}

struct object_t {
  int words[10];
  virtual ~object_t() {}
};

int main() {
  // Not by the names' types, so that no compiler leaves a pair out.
  void (*sized)(void*, size_t) = operator delete;
  void* (*array)(size_t) = operator new[];
  void* (*nothrow)(size_t, const std::nothrow_t&) = operator new;
  void* (*nothrow_array)(size_t, const std::nothrow_t&) = operator new[];
  void (*array_delete)(void*) = operator delete[];
  void (*array_sized)(void*, size_t) = operator delete[];
  void (*nothrow_delete)(void*, const std::nothrow_t&) = operator delete;
  void (*nothrow_array_delete)(void*, const std::nothrow_t&) = operator delete[];

  for (size_t size = 1; size < 100000; size += size / 2 + 1) {
    long before = news;
    sized(operator new(size), size);
    array_delete(array(size));
    array_sized(array(size), size);
    sized(nothrow(size, std::nothrow), size);
    nothrow_delete(nothrow(size, std::nothrow), std::nothrow);
    array_delete(nothrow_array(size, std::nothrow));
    nothrow_array_delete(array(size), std::nothrow);
    CHECK(news == before + 7 && live == 0);
  }
  fails = true;
  CHECK(nothrow(100, std::nothrow) == nullptr && nothrow_array(100, std::nothrow) == nullptr);
  int caught = 0;
  try {
    array_delete(array(100));
  } catch (const std::bad_alloc&) {
    caught++;
  }
  CHECK(caught == 1);
  fails = false;

  {
    std::vector<std::unique_ptr<object_t>> objects;
    std::vector<std::string> lines;
    for (int i = 0; i < 1000; i++) {
      objects.emplace_back(new object_t);
      lines.push_back(std::string(static_cast<size_t>(i % 90), 'x') + std::to_string(i));
    }
    delete[] new object_t[7];
    // With a buffer from a nothrow form, which it gives to operator delete.
    std::stable_sort(lines.begin(), lines.end());
    CHECK(std::is_sorted(lines.begin(), lines.end()));
    std::shared_ptr<object_t> shared = std::make_shared<object_t>();
  }
  CHECK(live == 0);

  // At an alignment they are others, which the program has not.
  void* p = operator new(100, std::align_val_t(64));
  CHECK(reinterpret_cast<uintptr_t>(p) % 64 == 0 && live == 0);
  operator delete(p, 100, std::align_val_t(64));
  void* q = operator new[](100, std::align_val_t(128), std::nothrow);
  CHECK(reinterpret_cast<uintptr_t>(q) % 128 == 0);
  operator delete[](q, std::align_val_t(128));
  return 0;
}
