// build: preload
// operator new calls the new-handler until there is memory, or none, or the handler throws.
#include <new>
#include "check.h"

// 8 GiB, or 128 MiB where there are fewer addresses.
#define MORE_THAN_LIMIT ((size_t)1 << (sizeof(size_t) > 4 ? 33 : 27))

static int calls = 0;
struct Own {
  int value;
};

static void gives_up() {
  if (++calls == 3) std::set_new_handler(nullptr);
}
static void throws_own() {
  calls++;
  throw Own{42};
}
static void throws_bad_alloc() {
  calls++;
  throw std::bad_alloc();
}

// A limit that the handler lifts.
#include <sys/resource.h>
static void lifts_limit() {
  calls++;
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_AS, &limit);
}

int main() {
  size_t too_large = opaque_size((size_t)PTRDIFF_MAX - 100);
  // Registers that a caller relies on survive the loop.
  volatile long a = 1, b = 2, c = 3, d = 4;

  std::set_new_handler(gives_up);
  bool caught = false;
  try {
    opaque(::operator new(too_large));
  } catch (const std::bad_alloc&) {
    caught = true;
  }
  CHECK(caught && calls == 3);

  calls = 0;
  std::set_new_handler(gives_up);
  caught = false;
  try {
    opaque(::operator new(too_large, std::align_val_t(64)));
  } catch (const std::bad_alloc&) {
    caught = true;
  }
  CHECK(caught && calls == 3);

  for (int i = 0; i < 1000; i++) {
    calls = 0;
    std::set_new_handler(throws_own);
    int value = 0;
    try {
      opaque(::operator new[](too_large));
    } catch (const Own& own) {
      value = own.value;
    }
    CHECK(value == 42 && calls == 1);
  }

  calls = 0;
  std::set_new_handler(throws_bad_alloc);
  CHECK(::operator new(too_large, std::nothrow) == nullptr && calls == 1);
  CHECK(::operator new[](too_large, std::nothrow) == nullptr && calls == 2);
  CHECK(::operator new(too_large, std::align_val_t(64), std::nothrow) == nullptr && calls == 3);
  CHECK(::operator new[](too_large, std::align_val_t(64), std::nothrow) == nullptr && calls == 4);
  calls = 0;
  std::set_new_handler(gives_up);
  CHECK(::operator new(too_large, std::nothrow) == nullptr && calls == 3);

  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = (rlim_t)64 << 20;
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  calls = 0;
  std::set_new_handler(lifts_limit);
  char* p = static_cast<char*>(::operator new(MORE_THAN_LIMIT));
  CHECK(p != nullptr && calls == 1);
  p[0] = p[(MORE_THAN_LIMIT) - 1] = 1;
  ::operator delete(p);
  CHECK(a + b + c + d == 10);
  return 0;
}
