// secure: 0
// build: preload
// env: MIMALLOC_PURGE_DELAY=500
// env: MIMALLOC_SHOW_ERRORS=1
// env: MIMALLOC_MAX_ERRORS=-1
// env: MIMALLOC_ABORT_ON_ERROR=0
// stderr: mimalloc: error: 
// A large block that was freed waits, as it is, for the next of its size. Meanwhile it is no block; zeroed blocks are zero;
// and what nobody takes goes back to the system, of threads that sleep too.
#include "bad_input.h"

extern void* mi_malloc_aligned_at(size_t, size_t, size_t) __attribute__((weak));

static pthread_barrier_t barrier;
enum { COUNT = 8, SIZE = 120000 };

static void* frees_and_sleeps(void* arg) {
  void* p[COUNT];
  for (int i = 0; i < COUNT; i++) memset(p[i] = malloc(SIZE), 1, SIZE);
  for (int i = 0; i < COUNT; i++) free(p[i]);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return arg;
}

int main(void) {
  listen();
  size_t sizes[] = {70000, 200000, 1000000};
  for (int i = 0; i < 3; i++) {
    size_t n = sizes[i];
    char* p = malloc(n);
    memset(p, 7, n);
    free(p);
    int before = heard;
    free(opaque(p));
    reported(before, EINVAL, "free", p);
    before = heard;
    CHECK(malloc_usable_size(opaque(p)) == 0);
    reported(before, EINVAL, "usable_size", p);
    before = heard;
    CHECK(realloc(opaque(p), n + 1) == NULL);
    reported(before, EINVAL, "realloc", p);

    char* again = malloc(n);
    CHECK(again == p && malloc_usable_size(again) >= n);
    char* other = malloc(n);
    CHECK(other != p);
    // One that is freed twice is handed out once.
    free(again);
    free(opaque(again));
    char* zero = calloc(1, n);
    CHECK(zero == p && all_bytes(zero, n, 0));
    char* third = malloc(n);
    CHECK(third != zero && third != other);
    free(zero);
    free(other);
    free(third);
  }

  // Pointers into a block that was aligned at an offset are none of the next block there.
  char* odd = mi_malloc_aligned_at(190000, 32768, 16);
  free(odd);
  char* plain = malloc(200000);
  CHECK(odd > plain && odd < plain + 200000);
  int before = heard;
  free(opaque(odd));
  reported(before, EINVAL, "free", odd);
  free(plain);

  malloc_trim(0);
  long least = rss_kib();
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_t id;
  CHECK(pthread_create(&id, NULL, frees_and_sleeps, NULL) == 0);
  pthread_barrier_wait(&barrier);
  long most = rss_kib(), rest = most;
  CHECK(most > least + COUNT * SIZE / 1024 / 2);
  double start = seconds();
  // Each round comes by, a while after the one before.
  for (int round = 0; rest > most - COUNT * SIZE / 1024 / 2 && round < 500; round++) {
    usleep(10000);
    for (int i = 0; i < 100; i++) free(malloc(opaque_size(300000)));
    rest = rss_kib();
  }
  fprintf(stderr, "%ld KiB, with %d blocks %ld, %.2f s later %ld\n", least, COUNT, most, seconds() - start, rest);
  CHECK(rest <= most - COUNT * SIZE / 1024 / 2);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_join(id, NULL) == 0);
  return 0;
}
