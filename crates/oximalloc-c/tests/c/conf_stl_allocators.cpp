// build: link
// tests: mi_heap_new mi_heap_delete
// The allocators for C++'s containers: from the main heap, from a heap of their own that lives as long as their last
// copy, and from one whose blocks go all at once.
#include <list>
#include <map>
#include <string>
#include <vector>
#include "conf.h"

template <class A>
static void vector_in(const A& allocator) {
  std::vector<int, A> numbers(allocator);
  for (int i = 0; i < 100000; i++) numbers.push_back(i);
  std::vector<int, A> copy(numbers);
  numbers.clear();
  CHECK(copy.size() == 100000 && copy[99999] == 99999 && mi_any_heap_contains(copy.data()));
}
template <template <class> class A>
static void containers() {
  vector_in(A<int>());
  A<std::pair<const int, std::string>> pairs;
  std::map<int, std::string, std::less<int>, A<std::pair<const int, std::string>>> map(pairs);
  for (int i = 0; i < 1000; i++) map[i * 7 % 1000] = std::to_string(i);
  for (int i = 0; i < 1000; i += 2) map.erase(i);
  CHECK(map.size() == 500 && map[7] == "1");
  A<int> ints;
  std::list<int, A<int>> list(ints);
  for (int i = 0; i < 1000; i++) list.push_front(i);
  CHECK(list.front() == 999);
  std::list<int, A<int>> other(ints);
  other.splice(other.begin(), list);
  CHECK(other.size() == 1000 && list.empty());
}
int main() {
  containers<mi_stl_allocator>();
  containers<mi_heap_stl_allocator>();
  containers<mi_heap_destroy_stl_allocator>();
  CHECK(mi_stl_allocator<int>() == mi_stl_allocator<int>());
  mi_heap_stl_allocator<int> one, two;
  CHECK(one != two && one == mi_heap_stl_allocator<int>(one));
  int* p = one.allocate(10);
  CHECK(mi_heap_of(p) != mi_heap_main() && p != nullptr);
  one.deallocate(p, 10);
  // On a heap that the program has.
  mi_heap_t* heap = mi_heap_new();
  {
    std::vector<int, mi_heap_stl_allocator<int>> numbers{mi_heap_stl_allocator<int>(heap)};
    numbers.resize(1000);
    CHECK(mi_heap_of(numbers.data()) == heap);
  }
  mi_heap_delete(heap);
  // Ten thousand heaps of a MiB each, whose containers come and go.
  for (int i = 0; i < 10000; i++) {
    std::vector<char, mi_heap_destroy_stl_allocator<char>> bytes;
    bytes.resize(i % 100 == 0 ? 1 << 20 : 100);
    CHECK(bytes[50] == 0);
  }
  return 0;
}
