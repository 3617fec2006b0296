// build: link
// mi_stl_allocator: containers work in the main heap; it has no state, and all are equal.
#include "stl_allocators.h"

using Allocator = mi_stl_allocator<int>;
using Traits = std::allocator_traits<Allocator>;
static_assert(std::is_empty<Allocator>::value && Traits::is_always_equal::value, "no state");
static_assert(std::is_same<rebound<Allocator, long>, mi_stl_allocator<long>>::value, "rebind");
static_assert(std::is_same<Allocator::rebind<char>::other, mi_stl_allocator<char>>::value, "rebind");
static_assert(Traits::propagate_on_container_copy_assignment::value, "copied along");
static_assert(Traits::propagate_on_container_move_assignment::value, "moved along");
static_assert(Traits::propagate_on_container_swap::value, "swapped along");
static_assert(sizeof(std::vector<int, Allocator>) == sizeof(std::vector<int>), "takes no room");
static_assert(std::is_same<Traits::value_type, int>::value && std::is_same<Traits::pointer, int*>::value, "types");

int main() {
  walk<mi_stl_allocator>(Allocator());
  fails(Allocator());
  CHECK(Allocator() == mi_stl_allocator<long>() && !(Allocator() != mi_stl_allocator<long>()));
  CHECK(Traits::max_size(Allocator()) == (size_t)PTRDIFF_MAX / sizeof(int));
  Allocator allocator;
  int* p = allocator.allocate(10);
  CHECK(mi_heap_of(p) == mi_heap_main() && mi_usable_size(p) >= 10 * sizeof(int));
  Allocator(mi_stl_allocator<long>()).deallocate(p, 10);
  return 0;
}
