// build: preload
// env: MIMALLOC_SHOW_STATS=1
// stderr: committed
// stderr: reserved
// stderr: elapsed
// stderr: threads
// no-stderr: -1
// show_stats prints the table when the program ends.
#include "check.h"

static void* thread(void* arg) {
  for (int i = 0; i < 1000; i++) free(malloc(opaque_size((size_t)i)));
  return arg;
}

int main(void) {
  for (int i = 0; i < 10; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
  }
  free(malloc(100 << 20));
  return 0;
}
