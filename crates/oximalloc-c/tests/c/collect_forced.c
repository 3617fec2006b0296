// build: link
// mi_collect(true) gives back what every thread has freed, also to sleeping threads' pages, at once and repeatedly.
#include <mimalloc.h>
#include "check.h"

enum { COUNT = 100000 };
static void* blocks[COUNT];
static pthread_barrier_t barrier;

static void* thread(void* arg) {
  for (int i = 0; i < COUNT; i++) memset(blocks[i] = mi_malloc(500), 1, 500);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return arg;
}

int main(void) {
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_t id;
  CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
  pthread_barrier_wait(&barrier);
  long full = rss_kib();
  CHECK(full > 48 * 1024);
  for (int i = 0; i < COUNT; i++) mi_free(blocks[i]);
  mi_collect(true);
  long rest = rss_kib();
  fprintf(stderr, "%ld KiB, %ld KiB after a forced collect\n", full, rest);
  CHECK(rest < full / 4);
  for (int i = 0; i < 100; i++) mi_collect(true);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_join(id, NULL) == 0);
  return 0;
}
