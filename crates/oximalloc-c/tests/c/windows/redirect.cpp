// build: link
// C++ objects in several threads are ours, where the program's `operator new` calls the redirected `malloc`.
#include "../check.h"

#include <map>
#include <memory>
#include <mimalloc.h>
#include <string>
#include <vector>

static void* work(void* value) {
  const int number = (int)(intptr_t)value;
  std::map<std::string, std::vector<int>> map;
  for (int i = 0; i < 500; i++) map["key " + std::to_string(i * 8 + number)].assign(i, number);
  CHECK(mi_any_heap_contains(&*map.begin()));
  size_t sum = 0;
  for (auto& row : map) sum += row.second.size();
  CHECK(sum == 500 * 499 / 2);
  return nullptr;
}

int main() {
  CHECK(mi_is_redirected());
  std::vector<pthread_t> threads(8);
  for (int i = 0; i < 8; i++) CHECK(pthread_create(&threads[i], nullptr, work, (void*)(intptr_t)i) == 0);
  for (auto& thread : threads) CHECK(pthread_join(thread, nullptr) == 0);
  std::unique_ptr<int> one(new int(1));
  CHECK(mi_any_heap_contains(one.get()));
  try {
    throw std::string("an exception");
  } catch (const std::string& text) {
    CHECK(text == "an exception");
  }
  return 0;
}
