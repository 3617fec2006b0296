// build: preload
// A allocates 256 MiB in blocks of 240 bytes and sleeps; B frees them all and goes on with a few thousand small
// allocations. Soon, within 150 rounds of 20 ms and a few allocations, at most an eighth of the memory is still resident.
#include "check.h"

enum { SIZE = 240, COUNT = (256 << 20) / SIZE };
static void** blocks;
static pthread_barrier_t barrier;

static void* owner(void* arg) {
  for (int i = 0; i < COUNT; i++) memset(blocks[i] = malloc(SIZE), 1, SIZE);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return arg;
}

int main(void) {
  size_t table = COUNT * sizeof(void*);
  blocks = mmap(NULL, table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(blocks != MAP_FAILED);
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_t a;
  CHECK(pthread_create(&a, NULL, owner, NULL) == 0);
  pthread_barrier_wait(&barrier);
  long peak = rss_kib() - (long)(table / 1024);
  CHECK(peak > 250 * 1024);
  for (int i = 0; i < COUNT; i++) free(blocks[i]);
  munmap(blocks, table);
  for (int i = 0; i < 4000; i++) free(malloc(opaque_size((size_t)(i % 200) + 1)));
  double start = seconds();
  long rest = rss_kib();
  // Rounds are counted, not seconds: on a busy machine it comes by less often.
  for (int round = 0; rest > peak / 8 && round < 150; round++) {
    usleep(20000);
    for (int i = 0; i < 50; i++) free(malloc(opaque_size((size_t)(i * 40) + 1)));
    rest = rss_kib();
  }
  fprintf(stderr, "peak %ld KiB, %ld KiB resident after %.2f s\n", peak, rest, seconds() - start);
  CHECK(rest <= peak / 8);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_join(a, NULL) == 0);
  return 0;
}
