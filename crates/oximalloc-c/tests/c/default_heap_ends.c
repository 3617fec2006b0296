// build: link
// A heap whose part is a thread's default ends by another thread, which deletes it or destroys it: the part is used again. So
// twice as many such heaps leave no more, and the thread goes on in the main heap.
#include "conf.h"
#include "stats.h"

static pthread_barrier_t barrier;
static mi_heap_t* heap;
static int rounds, destroys;

static void* ender(void* arg) {
  for (int i = 0; i < rounds; i++) {
    pthread_barrier_wait(&barrier);
    if (destroys) mi_heap_destroy(heap);
    else mi_heap_delete(heap);
    pthread_barrier_wait(&barrier);
  }
  return arg;
}

static long left_by(int n) {
  rounds = n;
  long before = rss_kib();
  pthread_t id;
  CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
  CHECK(pthread_create(&id, NULL, ender, NULL) == 0);
  mi_theap_t* main_one = mi_theap_get_default();
  for (int i = 0; i < n; i++) {
    heap = mi_heap_new();
    CHECK(mi_theap_set_default(mi_heap_theap(heap)) == main_one);
    char* mine = mi_malloc(2000);
    for (int k = 0; k < 200; k++) mi_free(mi_malloc((size_t)k * 50));
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    // The first calls may find the default as it was.
    char* q[400];
    for (int k = 0; k < 400; k++) {
      q[k] = mi_malloc(2000);
      q[k][0] = 1;
    }
    CHECK(mi_heap_of(q[399]) == mi_heap_main());
    for (int k = 0; k < 400; k++) mi_free(q[k]);
    if (!destroys) mi_free(mine);
    CHECK(mi_theap_get_default() == main_one);
  }
  CHECK(pthread_join(id, NULL) == 0);
  return rss_kib() - before;
}

// A thread that ends with such a default.
static void* with_default(void* arg) {
  CHECK(mi_theap_set_default(mi_heap_theap(heap)) != NULL);
  mi_free(mi_malloc(100));
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  if (arg != NULL) mi_free(mi_malloc(5000));
  return NULL;
}
static long left_by_ends(int n) {
  long before = rss_kib();
  for (int i = 0; i < n; i++) {
    heap = mi_heap_new();
    pthread_t id;
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
    CHECK(pthread_create(&id, NULL, with_default, i % 2 ? &barrier : NULL) == 0);
    pthread_barrier_wait(&barrier);
    if (destroys) mi_heap_destroy(heap);
    else mi_heap_delete(heap);
    pthread_barrier_wait(&barrier);
    CHECK(pthread_join(id, NULL) == 0);
  }
  return rss_kib() - before;
}

int main(void) {
  for (destroys = 0; destroys < 2; destroys++) {
    left_by(50);
    int64_t theaps = stats_of(NULL).theaps.current;
    long few = left_by(100), many = left_by(200);
    CHECK(few < 2048 && many < 2048);
    left_by_ends(50);
    few = left_by_ends(100);
    many = left_by_ends(200);
    CHECK(few < 2048 && many < 2048);
    CHECK(stats_of(NULL).theaps.current == theaps);
  }
  return 0;
}
