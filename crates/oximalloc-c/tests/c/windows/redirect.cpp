// build: link
// C++ objects in several threads are ours, where the program's `operator new` calls the redirected `malloc`.
#include "../check.h"

#include <map>
#include <memory>
#include <mimalloc.h>
#include <string>
#include <thread>
#include <vector>

static void work(int number) {
  std::map<std::string, std::vector<int>> map;
  for (int i = 0; i < 500; i++) map["key " + std::to_string(i * number)].assign(i, number);
  CHECK(mi_any_heap_contains(&*map.begin()));
  size_t sum = 0;
  for (auto& row : map) sum += row.second.size();
  CHECK(number == 0 || sum == 500 * 499 / 2);
}

int main() {
  CHECK(mi_is_redirected());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  std::unique_ptr<int> one(new int(1));
  CHECK(mi_any_heap_contains(one.get()));
  try {
    throw std::string("an exception");
  } catch (const std::string& text) {
    CHECK(text == "an exception");
  }
  return 0;
}
