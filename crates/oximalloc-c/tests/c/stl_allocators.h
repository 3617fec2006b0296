// What the STL tests share: element types and a walk through the containers with one kind of allocator.
#ifndef STL_ALLOCATORS_H
#define STL_ALLOCATORS_H
#include <mimalloc.h>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>
#include "check.h"

template <class Allocator, class U>
using rebound = typename std::allocator_traits<Allocator>::template rebind_alloc<U>;

struct alignas(256) Wide {
  int value = 1;
};

// Fills each container, copies, moves, swaps and assigns it, and checks what is in it and where that lies.
template <template <class> class A>
static void walk(const A<int>& allocator) {
  std::vector<int, A<int>> vector(allocator);
  for (int i = 0; i < 10000; i++) vector.push_back(i);
  CHECK(vector.get_allocator() == allocator && mi_any_heap_contains(vector.data()));
  auto copy = vector;
  CHECK(copy == vector && copy.data() != vector.data());
  const int* data = copy.data();
  auto moved = std::move(copy);
  CHECK(moved.data() == data && moved == vector);
  moved.resize(5);
  moved.shrink_to_fit();
  moved.swap(vector);
  CHECK(moved.size() == 10000 && vector.size() == 5 && vector[4] == 4);
  vector = moved;
  CHECK(vector == moved);
  vector = std::move(moved);
  CHECK(vector[9999] == 9999);

  using String = std::basic_string<char, std::char_traits<char>, A<char>>;
  using Pair = std::pair<const int, String>;
  std::map<int, String, std::less<int>, A<Pair>> map{A<Pair>(allocator)};
  std::unordered_map<int, String, std::hash<int>, std::equal_to<int>, A<Pair>> hashed{A<Pair>(allocator)};
  std::list<String, A<String>> list{A<String>(allocator)};
  for (int i = 0; i < 2000; i++) {
    String text(1 + i % 100, 'x', A<char>(allocator));
    text += "end";
    map.emplace(i, text);
    hashed.emplace(i, text);
    list.push_back(text);
  }
  CHECK(mi_any_heap_contains(&map.begin()->second) && mi_any_heap_contains(&*list.begin()));
  for (int i = 0; i < 2000; i += 2) {
    map.erase(i);
    hashed.erase(i);
    list.pop_front();
  }
  CHECK(map.size() == 1000 && hashed.size() == 1000 && list.size() == 1000);
  CHECK(map.at(1999) == hashed.at(1999) && list.back() == map.at(1999) && map.at(99).size() == 103);
  auto map_copy = map;
  auto list_moved = std::move(list);
  list = list_moved;
  CHECK(map_copy == map && list == list_moved);

  std::vector<Wide, A<Wide>> wide(3, Wide(), A<Wide>(allocator));
  wide.resize(100);
  for (const Wide& element : wide) CHECK(is_aligned(&element, 256) && element.value == 1);
}

// Beyond what can be had: std::bad_alloc (or what derives from it).
template <class Allocator>
static void fails(Allocator allocator) {
  rebound<Allocator, long> longs(allocator);
  rebound<Allocator, Wide> wides(allocator);
  int caught = 0;
  const size_t most = MORE_THAN_ANY / sizeof(long);
  for (size_t count : {opaque_size(SIZE_MAX), opaque_size(most), opaque_size(most + 2)}) {
    try {
      opaque(longs.allocate(count));
    } catch (const std::bad_alloc&) {
      caught++;
    }
    try {
      opaque(wides.allocate(count));
    } catch (const std::bad_alloc&) {
      caught++;
    }
  }
  CHECK(caught == 6);
}
#endif
