// operator new is the library's, in threads too, and what cannot be had is std::bad_alloc. Nothing else here needs the
// part of libstdc++ that throws it: in a static program the library itself has to ask for it.
#include <pthread.h>
#include <cstdint>
#include <new>
#include "ours.h"

static void* work(void*) {
  for (int i = 0; i < 10000; i++) delete[] new char[i % 3000 + 1];
  return new int(7);
}

int main() {
  check_version();
  CHECK(mi_is_in_heap_region(new int) && mi_is_in_heap_region(std::malloc(8)));
  pthread_t thread;
  void* kept;
  CHECK(pthread_create(&thread, nullptr, work, nullptr) == 0 && pthread_join(thread, &kept) == 0);
  CHECK(mi_is_in_heap_region(kept));
  delete static_cast<int*>(kept);
  volatile std::size_t size = PTRDIFF_MAX - 100;
  bool caught = false;
  try {
    ::operator delete(::operator new(size));
  } catch (const std::bad_alloc&) {
    caught = true;
  }
  CHECK(caught);
  return 0;
}
