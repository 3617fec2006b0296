// build: link
// mi_collect(true) by a thread that has never allocated gives back what others have freed: blocks in the depot, and large
// ones that wait for the next of their size.
#include <mimalloc.h>
#include "check.h"

enum { LARGE = 8, SMALL = 64 };
static pthread_barrier_t barrier;

static void* owner(void* arg) {
  void* p[LARGE];
  for (int i = 0; i < LARGE; i++) memset(p[i] = mi_malloc(120000), 1, 120000);
  for (int i = 0; i < LARGE; i++) mi_free(p[i]);
  void* q[SMALL];
  for (int i = 0; i < SMALL; i++) memset(q[i] = mi_malloc(30000), 1, 30000);
  for (int i = 0; i < SMALL; i++) mi_free(q[i]);
  for (int i = 0; i < LARGE; i++) memset(p[i] = mi_malloc(120000), 1, 120000);
  for (int i = 0; i < LARGE; i++) mi_free(p[i]);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return arg;
}

static void* collects(void* arg) {
  mi_collect(true);
  return arg;
}

int main(void) {
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_t id, other;
  CHECK(pthread_create(&id, NULL, owner, NULL) == 0);
  pthread_barrier_wait(&barrier);
  long before = rss_kib();
  CHECK(pthread_create(&other, NULL, collects, NULL) == 0);
  CHECK(pthread_join(other, NULL) == 0);
  long after = rss_kib();
  fprintf(stderr, "%ld KiB, %ld KiB after a forced collect\n", before, after);
  CHECK(after < before - LARGE * 120000 / 1024);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_join(id, NULL) == 0);
  return 0;
}
