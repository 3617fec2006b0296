// build: link
// mi_heap_stl_allocator: each that is made anew has a heap, which its copies share; the heap is deleted with the last
// copy, and blocks that live on stay valid. A heap that was passed in is left alone.
#include "stl_allocators.h"

using Allocator = mi_heap_stl_allocator<int>;
using Traits = std::allocator_traits<Allocator>;
static_assert(!Traits::is_always_equal::value, "a state");
static_assert(std::is_same<rebound<Allocator, long>, mi_heap_stl_allocator<long>>::value, "rebind");
static_assert(std::is_same<Allocator::rebind<char>::other, mi_heap_stl_allocator<char>>::value, "rebind");
static_assert(Traits::propagate_on_container_copy_assignment::value, "copied along");
static_assert(Traits::propagate_on_container_move_assignment::value, "moved along");
static_assert(Traits::propagate_on_container_swap::value, "swapped along");
static_assert(std::is_nothrow_copy_constructible<Allocator>::value, "copies cannot fail");
static_assert(std::is_nothrow_move_constructible<Allocator>::value, "moves cannot fail");

static bool count_heap(mi_heap_t*, void* count) {
  ++*static_cast<int*>(count);
  return true;
}
static int heaps() {
  int count = 0;
  CHECK(mi_subproc_visit_heaps(mi_subproc_main(), count_heap, &count));
  return count;
}

static void equality() {
  Allocator a, b, copy(a);
  mi_heap_stl_allocator<long> other(a);
  CHECK(a == copy && !(a != copy) && a == other && a != b && !(a == b));
  Allocator moved(std::move(copy));
  CHECK(moved == a && copy == a);  // what was moved from is as it was
  copy = b;
  CHECK(copy == b && copy != a);
  CHECK(Allocator(other) == a && Traits::select_on_container_copy_construction(a) == a);
  CHECK(a.is_equal(other) && !a.is_equal(b));
}

static void propagation() {
  std::vector<int, Allocator> v(100, 1), w(100, 2);
  CHECK(v.get_allocator() != w.get_allocator());
  Allocator of_v = v.get_allocator(), of_w = w.get_allocator();
  v.swap(w);
  CHECK(v.get_allocator() == of_w && w.get_allocator() == of_v && v[0] == 2);
  const int* data = v.data();
  w = std::move(v);
  CHECK(w.get_allocator() == of_w && w.data() == data);
  std::vector<int, Allocator> x;
  x = w;
  CHECK(x.get_allocator() == of_w && x == w && mi_heap_of(x.data()) == mi_heap_of(w.data()));
}

static void life() {
  int before = heaps();
  int* p;
  {
    mi_heap_stl_allocator<long> last;
    {
      Allocator first(last);
      CHECK(heaps() == before + 1);
      p = first.allocate(1000);
      CHECK(mi_heap_of(p) != mi_heap_main() && mi_heap_of(p) != nullptr);
    }
    CHECK(heaps() == before + 1);  // the copy keeps it
    long* q = last.allocate(10);
    CHECK(mi_heap_of(q) == mi_heap_of(p));
    last.deallocate(q, 10);
    last.collect(true);
    p[999] = 7;
  }
  CHECK(heaps() == before);
  CHECK(mi_heap_of(p) == mi_heap_main() && p[999] == 7);
  mi_free(p);
  std::string s;
  {
    std::vector<int, Allocator> kept;
    { kept = std::vector<int, Allocator>(1000, 3); }
    CHECK(kept[999] == 3 && heaps() == before + 1);
  }
  CHECK(heaps() == before);

  mi_heap_t* mine = mi_heap_new();
  {
    Allocator of_mine(mine);
    walk<mi_heap_stl_allocator>(of_mine);
    p = of_mine.allocate(1);
  }
  CHECK(mi_heap_of(p) == mine && heaps() == before + 1);
  mi_heap_delete(mine);
  mi_free(p);
}

int main() {
  walk<mi_heap_stl_allocator>(Allocator());
  fails(Allocator());
  equality();
  propagation();
  life();
  return 0;
}
