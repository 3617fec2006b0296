// build: static
// shared: helper_library.c
// stdout: helper ended
// The allocator is linked statically into the program, and serves a library that it is linked with too: the
// library frees what the program allocated, and the other way round.
#include "check.h"

extern char* helper_make(size_t size);
extern void helper_drop(char* p);

static void* thread(void* arg) {
  for (size_t i = 1; i < 3000; i++) {
    char* p = helper_make(i);
    p = realloc(p, i * 2);
    CHECK(p != NULL && p[0] == 1);
    if (i % 2) free(p); else helper_drop(p);
    helper_drop(malloc(i));
  }
  return arg;
}

int main(void) {
  pthread_t ids[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&ids[i], NULL, thread, NULL) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  return 0;
}
