// build: dlopen
// args: $OUT/libtls_library.so
// shared: tls_library.c
// shared-load: no
// The library can be loaded late when other libraries have left little static thread-local space.
#include <dlfcn.h>
#include "check.h"

int main(int argc, char** argv) {
  CHECK(argc == 2 && getenv("LIBRARY_UNDER_TEST") != NULL);
  CHECK(dlopen(argv[1], RTLD_NOW) != NULL);
  void* library = dlopen(getenv("LIBRARY_UNDER_TEST"), RTLD_NOW);
  if (library == NULL) fprintf(stderr, "%s\n", dlerror());
  CHECK(library != NULL);
  void* (*make)(size_t) = (void* (*)(size_t))dlsym(library, "mi_malloc");
  void (*drop)(void*) = (void (*)(void*))dlsym(library, "mi_free");
  CHECK(make != NULL && drop != NULL);
  char* p = make(100);
  CHECK(p != NULL);
  memset(p, 1, 100);
  drop(p);
  return 0;
}
