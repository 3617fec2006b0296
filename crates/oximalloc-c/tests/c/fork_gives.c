// build: link
// What a thread held that is not in the child is given to their pages there, and the pages go: blocks of many classes that wait in
// its stacks, small blocks of other threads on their way back, its part of a heap, and pages that it has attached. All is in a
// second child too, which the child forks at once. A thread that is in a function of the program's, called in the midst of an
// allocation, has its theap left alone.
#include <sys/wait.h>
#include "stats.h"

static pthread_barrier_t barrier;
static mi_heap_t* heap;
static void* small[200];
static int in_call;

static void* holds(void* arg) {
  void* p[100];
  for (size_t size = 16; size <= 65536; size += size / 4) {
    for (int i = 0; i < 100; i++) p[i] = malloc(size);
    for (int i = 0; i < 100; i++) free(p[i]);
    for (int i = 0; i < 10; i++) p[i] = mi_heap_malloc(heap, size);
    for (int i = 0; i < 10; i++) free(p[i]);
  }
  for (int i = 0; i < 20; i++) free(small[i]);
  pthread_barrier_wait(&barrier);
  for (;;) pause();
  return arg;
}
static void called(bool force, unsigned long long beat, void* arg) {
  (void)force;
  (void)beat;
  (void)arg;
  if (__atomic_exchange_n(&in_call, 1, __ATOMIC_RELAXED) == 0) {
    pthread_barrier_wait(&barrier);
    for (;;) pause();
  }
}
static void* in_function(void* arg) {
  mi_free(mi_malloc(100));
  mi_free(mi_heap_malloc(heap, 100));
  mi_register_deferred_free(called, NULL);
  for (;;) mi_free(mi_malloc(1000));
  return arg;
}

static void in_child(int depth, bool all_is_whole, int64_t pages) {
  if (depth > 0) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child != 0) {
      int status;
      CHECK(waitpid(child, &status, 0) == child && status == 0);
      return;
    }
    alarm(50);
  }
  mi_register_deferred_free(NULL, NULL);
  mi_collect(true);
  mi_stats_t stats = stats_of(NULL);
  CHECK(stats.threads.current == 1);
  // Every page that the thread had is gone; of the C library's blocks for the thread there is one at least.
  if (all_is_whole) CHECK(stats_of(heap).pages.current == 0 && stats.pages.current <= pages + 3);
  // Others can have and end what it had.
  CHECK(mi_heap_malloc(heap, 100) != NULL);
  mi_heap_destroy(heap);
  for (int i = 20; i < 200; i++) free(small[i]);
  for (int i = 0; i < 1000; i++) free(malloc((size_t)i * 10));
}

static void round_of(void* (*work)(void*), bool all_is_whole) {
  heap = mi_heap_new();
  for (int i = 0; i < 200; i++) small[i] = malloc(16);
  mi_collect(true);
  int64_t pages = stats_of(NULL).pages.current;
  CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
  pthread_t id;
  CHECK(pthread_create(&id, NULL, work, NULL) == 0);
  pthread_barrier_wait(&barrier);
  CHECK(!all_is_whole || stats_of(NULL).pages.current > pages + 20);
  for (int depth = 0; depth < 2; depth++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      alarm(50);
      in_child(depth, all_is_whole, pages);
      _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
}

int main(void) {
  free(malloc(16));
  round_of(holds, true);
  round_of(in_function, false);
  return 0;
}
