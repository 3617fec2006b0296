// timeout: 120
// env: MIMALLOC_PURGE_DELAY=200
// env: MIMALLOC_ALLOW_THP=0
//
// A few blocks that live on in each page keep the OS pages that they lie in, not whole pages: what lies between them goes
// back to the system after a delay, by whoever comes by, and at once with malloc_trim. The same for what another thread left
// that sleeps, and for what one left that has ended. Compared with the OS pages that the blocks that live on lie in.
// Without huge pages: of these the parts that no block ever had are resident, too.
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES = 32, BYTES = 2 << 20, MOST = CLASSES * (BYTES / 32768) };

static char* kept[MOST];
static size_t sizes[MOST];
static size_t count;

static long resident(void) {
  long all, pages;
  FILE* f = fopen("/proc/self/statm", "r");
  if (f == NULL || fscanf(f, "%ld %ld", &all, &pages) != 2) abort();
  fclose(f);
  return pages;
}

static int compare(const void* a, const void* b) {
  size_t x = *(const size_t*)a, y = *(const size_t*)b;
  return (x > y) - (x < y);
}

// OS pages that the blocks lie in.
static long needed(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0, max = 0, distinct = 0;
  for (size_t i = 0; i < count; i++) max += sizes[i] / page + 2;
  size_t* at = malloc(max * sizeof *at);
  for (size_t i = 0; i < count; i++)
    for (size_t p = (size_t)kept[i] / page; p <= ((size_t)kept[i] + sizes[i] - 1) / page; p++) at[n++] = p;
  qsort(at, n, sizeof *at, compare);
  for (size_t i = 0; i < n; i++) distinct += i == 0 || at[i] != at[i - 1];
  free(at);
  return (long)distinct;
}

// Each class in turn: blocks of some MiB, all freed but one in 64 KiB.
static void* fill(void* unused) {
  (void)unused;
  count = 0;
  for (int c = 0; c < CLASSES; c++) {
    size_t size = (size_t)16 << (c / 3), step = size + size / 3 * (c % 3);
    size = step & ~(size_t)15;
    if (size > 32768) size = 32768;
    size_t n = BYTES / size, each = 65536 / size;
    char** all = malloc(n * sizeof *all);
    for (size_t i = 0; i < n; i++) {
      all[i] = malloc(size);
      memset(all[i], c + 1, size);
    }
    for (size_t i = 0; i < n; i++) {
      if (i % each == each / 2) {
        kept[count] = all[i];
        sizes[count++] = size;
      } else {
        free(all[i]);
      }
    }
    free(all);
  }
  return NULL;
}

static pthread_barrier_t filled, over;

static void* fill_and_sleep(void* unused) {
  fill(unused);
  pthread_barrier_wait(&filled);
  pthread_barrier_wait(&over);
  return NULL;
}

// Some work of all sizes, most of which is done on slow paths.
static void work(void) {
  static void* block[3000];
  unsigned s = 1;
  for (int i = 0; i < 3000; i++) {
    s = s * 1103515245 + 12345;
    block[i] = malloc((s >> 8) % 3000 + 1);
    memset(block[i], 1, 1);
  }
  for (int i = 0; i < 3000; i++) free(block[i]);
}

// The work goes on until little more is resident than what lives, and what the work itself takes.
static int falls(const char* what, long before, long own) {
  long most = needed() * 3 / 2 + own, now = 0;
  for (int round = 0; round < 300; round++) {
    now = resident() - before;
    if (now <= most) break;
    usleep(50000);
    work();
  }
  printf("%s: %ld OS pages are resident, %ld needed, %ld allowed\n", what, now, needed(), most);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 1; k < sizes[i]; k++)
      if (kept[i][k] != kept[i][0]) return printf("%s: a block changed\n", what), 1;
  return now > most;
}

static void release(void) {
  for (size_t i = 0; i < count; i++) free(kept[i]);
  malloc_trim(0);
}

int main(void) {
  int bad = 0;
  pthread_t thread;
  pthread_barrier_init(&filled, NULL, 2);
  pthread_barrier_init(&over, NULL, 2);
  long before = resident();
  work();
  long own = resident() - before + 256;

  fill(NULL);
  bad |= falls("a thread that goes on", before, own);
  malloc_trim(0);
  long trimmed = resident() - before;
  printf("trimmed: %ld\n", trimmed);
  bad |= trimmed > needed() * 5 / 4 + own;
  release();

  pthread_create(&thread, NULL, fill, NULL);
  pthread_join(thread, NULL);
  bad |= falls("a thread that has ended", before, own);
  release();

  pthread_create(&thread, NULL, fill_and_sleep, NULL);
  pthread_barrier_wait(&filled);
  bad |= falls("a thread that sleeps", before, own);
  pthread_barrier_wait(&over);
  pthread_join(thread, NULL);
  release();
  return bad;
}
