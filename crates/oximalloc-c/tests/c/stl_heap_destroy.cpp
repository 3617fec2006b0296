// build: link
// mi_heap_destroy_stl_allocator: as mi_heap_stl_allocator, but deallocation does nothing, and the heap with all that is
// in it is destroyed with the last copy. A heap that was passed in is left alone.
#include "stl_allocators.h"

using Allocator = mi_heap_destroy_stl_allocator<int>;
using Traits = std::allocator_traits<Allocator>;
static_assert(!Traits::is_always_equal::value, "a state");
static_assert(std::is_same<rebound<Allocator, long>, mi_heap_destroy_stl_allocator<long>>::value, "rebind");
static_assert(Traits::propagate_on_container_copy_assignment::value, "copied along");
static_assert(Traits::propagate_on_container_move_assignment::value, "moved along");
static_assert(Traits::propagate_on_container_swap::value, "swapped along");

static bool count_heap(mi_heap_t*, void* count) {
  ++*static_cast<int*>(count);
  return true;
}
static int heaps() {
  int count = 0;
  CHECK(mi_subproc_visit_heaps(mi_subproc_main(), count_heap, &count));
  return count;
}

int main() {
  int before = heaps();
  walk<mi_heap_destroy_stl_allocator>(Allocator());
  fails(Allocator());
  CHECK(heaps() == before);

  int* p;
  {
    Allocator a, b, copy(a);
    CHECK(a == copy && a != b && heaps() == before + 2);
    p = a.allocate(1000);
    p[999] = 7;
    copy.deallocate(p, 1000);
    CHECK(p[999] == 7 && mi_heap_of(p) != nullptr && mi_heap_of(p) != mi_heap_main());
    a = b;
    CHECK(a == b && a != copy && mi_heap_contains(mi_heap_of(p), p));
    copy = a;  // the last of the first heap
    CHECK(heaps() == before + 1 && mi_heap_of(p) != mi_heap_main());
  }
  CHECK(heaps() == before);

  // Memory does not grow: each round's heap goes, though nothing is deallocated.
  long start = 0;
  for (int round = 0; round < 100; round++) {
    std::vector<int, Allocator> v;
    for (int i = 0; i < 500000; i++) v.push_back(i);
    if (round == 20) start = rss_kib();
  }
  CHECK(rss_kib() < start + 20 * 1024);

  mi_heap_t* mine = mi_heap_new();
  { p = Allocator(mine).allocate(10); }
  CHECK(mi_heap_of(p) == mine && heaps() == before + 1);
  mi_free(p);
  mi_heap_destroy(mine);
  return 0;
}
