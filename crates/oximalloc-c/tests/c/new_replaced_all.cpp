// build: preload
// env: MIMALLOC_SHOW_ERRORS=1
// no-stderr: mimalloc: error
// A program has operators of its own for objects, for arrays, and for both at an alignment, each with a mark of its own. Those
// that it has not, with a size and nothrow, call the one of their kind.
#include <cstdint>
#include <new>
#include "check.h"

static const size_t BEFORE = 4096;
enum mark_t : size_t { OBJECT = 1, ARRAY, ALIGNED_OBJECT, ALIGNED_ARRAY };

static void* make(mark_t mark, size_t size) {
  void* p = nullptr;
  if (posix_memalign(&p, BEFORE, size + BEFORE) != 0) throw std::bad_alloc();
  *static_cast<size_t*>(p) = mark;
  return static_cast<char*>(p) + BEFORE;
}
static mark_t unmake(void* p) {
  size_t* start = reinterpret_cast<size_t*>(static_cast<char*>(p) - BEFORE);
  mark_t mark = static_cast<mark_t>(*start);
  *start = 0;
  free(start);
  return mark;
}

void* operator new(size_t size) { return make(OBJECT, size); }
void* operator new[](size_t size) { return make(ARRAY, size); }
void* operator new(size_t size, std::align_val_t) { return make(ALIGNED_OBJECT, size); }
void* operator new[](size_t size, std::align_val_t) { return make(ALIGNED_ARRAY, size); }
void operator delete(void* p) noexcept { CHECK(unmake(p) == OBJECT); }
void operator delete[](void* p) noexcept { CHECK(unmake(p) == ARRAY); }
void operator delete(void* p, std::align_val_t) noexcept { CHECK(unmake(p) == ALIGNED_OBJECT); }
void operator delete[](void* p, std::align_val_t) noexcept { CHECK(unmake(p) == ALIGNED_ARRAY); }

int main() {
  const std::align_val_t at = std::align_val_t(64);
  void (*object)(void*, size_t) = operator delete;
  void (*array)(void*, size_t) = operator delete[];
  void (*aligned_object)(void*, size_t, std::align_val_t) = operator delete;
  void (*aligned_array)(void*, size_t, std::align_val_t) = operator delete[];
  void* (*nothrow)(size_t, const std::nothrow_t&) = operator new;
  void* (*nothrow_array)(size_t, const std::nothrow_t&) = operator new[];
  void* (*nothrow_aligned)(size_t, std::align_val_t, const std::nothrow_t&) = operator new;
  void* (*nothrow_aligned_array)(size_t, std::align_val_t, const std::nothrow_t&) = operator new[];
  for (int i = 0; i < 100; i++) {
    object(operator new(100), 100);
    array(operator new[](100), 100);
    aligned_object(operator new(100, at), 100, at);
    aligned_array(operator new[](100, at), 100, at);
    object(nothrow(100, std::nothrow), 100);
    array(nothrow_array(100, std::nothrow), 100);
    aligned_object(nothrow_aligned(100, at, std::nothrow), 100, at);
    aligned_array(nothrow_aligned_array(100, at, std::nothrow), 100, at);
    operator delete(nothrow(100, std::nothrow), std::nothrow);
    operator delete[](nothrow_array(100, std::nothrow), std::nothrow);
    operator delete(nothrow_aligned(100, at, std::nothrow), at, std::nothrow);
    operator delete[](nothrow_aligned_array(100, at, std::nothrow), at, std::nothrow);
  }
  return 0;
}
