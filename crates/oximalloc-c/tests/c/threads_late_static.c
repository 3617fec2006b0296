// build: static
// The loader has not found the functions that tell of a thread's end, as before glibc 2.34 in a program without threads. They
// are found when there is a second thread. (The library's own table of them is weak: the one here takes its place. Its last word
// is what finds them, as in libmimalloc.so.)
#include <dlfcn.h>
#include "late_calls.h"

void* oximalloc_loaded(const char* name);
__attribute__((visibility("hidden"))) void* const oximalloc_0_1_keys[4] = {NULL, NULL, NULL, (void*)oximalloc_loaded};

static void* work(void* arg) {
  void* p[100];
  for (int i = 0; i < 100; i++) memset(p[i] = malloc((size_t)i * 20 + 1), 1, (size_t)i * 20 + 1);
  for (int i = 0; i < 100; i++) free(p[i]);
  return arg;
}
static void* first(void* barrier) {
  free(opaque(malloc(100)));
  pthread_barrier_wait((pthread_barrier_t*)barrier);
  return NULL;
}

int main(void) {
  CHECK(oximalloc_loaded("getpid") == dlsym(RTLD_DEFAULT, "getpid"));
  CHECK(oximalloc_loaded("no_such_name") == NULL && oximalloc_loaded("") == NULL);
  free(opaque(malloc(100)));
  CHECK(threads_counted() == 1);
  // Several threads at once are the first ones.
  enum { AT_ONCE = 8 };
  static pthread_barrier_t barrier;
  CHECK(pthread_barrier_init(&barrier, NULL, AT_ONCE) == 0);
  pthread_t ids[AT_ONCE];
  for (int i = 0; i < AT_ONCE; i++) CHECK(pthread_create(&ids[i], NULL, first, &barrier) == 0);
  for (int i = 0; i < AT_ONCE; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  CHECK(threads_counted() == 1);
  left_by(20, work, NULL);
  CHECK(threads_counted() == 1);
  return 0;
}
