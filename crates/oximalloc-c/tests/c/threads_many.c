// build: preload
// timeout: 240
// 100 000 threads created and joined one after another, leaving blocks behind for the next: memory stays flat.
#include "check.h"

static void* left;

static void* thread(void* arg) {
  void* p[20];
  free(left);
  for (int i = 0; i < 20; i++) p[i] = malloc((size_t)i * 50 + 1);
  for (int i = 1; i < 20; i++) free(p[i]);
  left = p[0];
  free(malloc(opaque_size(20000)));
  return arg;
}

int main(void) {
  long early = 0;
  for (int i = 0; i < 100000; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
    if (i == 2000) early = rss_kib();
  }
  long late = rss_kib();
  fprintf(stderr, "resident: %ld KiB after 2000 threads, %ld KiB after 100000\n", early, late);
  CHECK(late <= early + 1024);
  return 0;
}
