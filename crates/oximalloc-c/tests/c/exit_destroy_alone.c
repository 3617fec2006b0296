// build: dlopen
// env: MIMALLOC_DESTROY_ON_EXIT=1
// env: MIMALLOC_ARENA_RESERVE=16GiB
// tests: mi_process_done
// Where the C library has memory of its own, destroy_on_exit gives all arenas back.
#include <dlfcn.h>
#include "check.h"

int main(void) {
  void* library = dlopen(getenv("LIBRARY_UNDER_TEST"), RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  void* (*take)(size_t) = (void* (*)(size_t))dlsym(library, "mi_malloc");
  void (*done)(void) = (void (*)(void))dlsym(library, "mi_process_done");
  CHECK(take != NULL && done != NULL);
  long before = mapped_gib();
  CHECK(take(1000) != NULL && mapped_gib() >= before + 16);
  done();
  CHECK(mapped_gib() <= before);
  return 0;
}
