// build: preload
// A thread's very first allocation, or first free, comes from a key destructor, when the thread is ending.
#include "check.h"

static pthread_key_t key;
static void* handed;

static void allocates(void* p) {
  if (p == &handed) {
    free(handed);
    handed = NULL;
  } else {
    void* q = malloc(100);
    CHECK(q != NULL);
    free(q);
    q = calloc(10, 1000);
    CHECK(q != NULL && all_bytes(q, 10000, 0));
    free(q);
  }
}
static void* thread(void* arg) {
  CHECK(pthread_setspecific(key, arg) == 0);
  return NULL;
}

int main() {
  CHECK(pthread_key_create(&key, allocates) == 0);
  long middle = 0;
  for (int i = 0; i < 4000; i++) {
    handed = malloc(100);
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, i % 2 ? (void*)&handed : (void*)&key) == 0);
    CHECK(pthread_join(id, NULL) == 0);
    free(handed);
    if (i == 1000) middle = rss_kib();
  }
  CHECK(rss_kib() < middle + 2048);
  return 0;
}
