// build: preload
// wrap: prlimit --as=300000000
// Out of memory in C++: bad_alloc again and again while a container grows, and the program goes on.
#include <list>
#include <new>
#include <vector>
#include "check.h"

int main() {
  for (int round = 0; round < 5; round++) {
    bool caught = false;
    size_t count = 0;
    {
      std::list<std::vector<char>> all;
      try {
        for (;; count++) all.emplace_back((size_t)100000 * (round + 1));
      } catch (const std::bad_alloc&) {
        caught = true;
      }
    }
    CHECK(caught && count * 100000 * (round + 1) > 100000000);
  }
  return 0;
}
