// build: preload
// wrap: prlimit --as=204800000
// `ulimit -v 200000`: an ordinary program runs, with threads.
#include "check.h"

static void* thread(void* arg) {
  void* p[100];
  for (int round = 0; round < 100; round++) {
    for (int i = 0; i < 100; i++) CHECK((p[i] = malloc((size_t)(i * round) + 1)) != NULL);
    for (int i = 0; i < 100; i++) free(p[i]);
  }
  return arg;
}

int main(void) {
  pthread_t ids[4];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&ids[i], &attributes, thread, NULL) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  // A good third of the limit is there for the program itself.
  char* p = malloc((size_t)64 << 20);
  CHECK(p != NULL);
  memset(p, 1, (size_t)64 << 20);
  free(p);
  for (int i = 0; i < 64; i++) {
    p = malloc((size_t)(i + 1) << 20);
    CHECK(p != NULL);
    p[0] = 1;
    free(p);
  }
  return 0;
}
