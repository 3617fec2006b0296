// build: link
// What the C library keeps for a thread it frees after all destructors of keys: the texts of strerror and strsignal, the error
// of dlopen, the state of the resolver. Nothing of the thread's memory stays behind, and the count of threads comes back.
#include <dlfcn.h>
#include <netdb.h>
#include "late_calls.h"

static void* work(void* arg) {
  static __thread char* blocks[300];
  for (int i = 0; i < 300; i++) {
    blocks[i] = malloc((size_t)i * 7 + 16);
    memset(blocks[i], 1, (size_t)i * 7 + 16);
  }
  for (int i = 0; i < 300; i++) free(blocks[i]);
  struct addrinfo* info = NULL;
  switch ((intptr_t)arg) {
    case 1: CHECK(strerror(99999) != NULL); break;
    case 2: CHECK(strsignal(999) != NULL); break;
    case 3: CHECK(dlopen("/nonexistent.so", RTLD_NOW) == NULL); break;
    case 4:
      if (getaddrinfo("localhost", "80", NULL, &info) == 0) freeaddrinfo(info);
      break;
  }
  return NULL;
}

// Threads that never allocate, and end by themselves, more of them at once than stacks are kept: one that ends unmaps the stacks
// of others, and frees their tables, as the first thing that it does with the library.
enum { MANY = 40 };
static pthread_barrier_t barrier;
static int started;
static void* idle(void* arg) {
  pthread_barrier_wait(&barrier);
  __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
  return arg;
}
static void detached(int rounds) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (int round = 0; round < rounds; round++) {
    CHECK(pthread_barrier_init(&barrier, NULL, MANY + 1) == 0);
    for (int i = 0; i < MANY; i++) {
      pthread_t id;
      CHECK(pthread_create(&id, &attributes, idle, NULL) == 0);
    }
    pthread_barrier_wait(&barrier);
    // The barrier is theirs until each has left it.
    while (__atomic_load_n(&started, __ATOMIC_RELAXED) < MANY * (round + 1)) usleep(100);
  }
}

int main(void) {
  for (intptr_t mode = 0; mode <= 4; mode++) leaves_nothing(work, (void*)mode);
  int64_t threads = threads_counted();
  detached(10);
  // They may be at their ends for a moment more.
  for (int i = 0; i < 2000 && threads_counted() != threads; i++) usleep(1000);
  CHECK(threads_counted() == threads);
  return 0;
}
