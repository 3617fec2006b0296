// build: link
// timeout: 180
// tests: mi_manage_memory
// A commit function that allocates and frees itself, blocks of the very sizes that the call it interrupts is about: no
// block is given to two, in the main heap and in another one, in the first thread and in one that ends, whether memory
// goes back at once or later. (The reference library crashes.)
#include "conf.h"

enum { SIZE = 256 << 20, BLOCKS = 4000, KEPT = 300, ROUNDS = 60 };
static const size_t CLASSES[] = {16, 48, 64, 1024, 8000, 60000};
enum { CLASS_COUNT = sizeof CLASSES / sizeof *CLASSES };

typedef struct {
  size_t* at;
  size_t size, stamp;
} held_t;
static mi_heap_t* heap;
static size_t stamps;

// The block's first and last words say whose it is.
static held_t take(size_t size) {
  held_t held = {mi_heap_malloc(heap, size), size, ++stamps};
  CHECK(held.at != NULL);
  held.at[0] = held.at[size / sizeof(size_t) - 1] = held.stamp;
  return held;
}
static void give(held_t* held) {
  if (held->at == NULL) return;
  CHECK(held->at[0] == held->stamp && held->at[held->size / sizeof(size_t) - 1] == held->stamp);
  size_t* at = held->at;
  held->at = NULL;
  mi_free(at);
}
static unsigned next_random(void) {
  static unsigned seed = 1;
  seed = seed * 1103515245 + 12345;
  return seed >> 8;
}

// What the commit function has: it takes and gives of the class that is at work outside, and sometimes of another.
static held_t kept[KEPT];
static bool inside, working;
static size_t class_outside, commits, decommits;

static bool commit(bool want, void* at, size_t size, bool* is_zero, void* arg) {
  (void)at, (void)size, (void)arg;
  if (is_zero != NULL) *is_zero = false;
  *(want ? &commits : &decommits) += 1;
  if (!working || inside) return true;
  inside = true;
  unsigned n = next_random() % KEPT;
  for (unsigned i = 0; i < n; i++) {
    held_t* one = &kept[next_random() % KEPT];
    if (one->at != NULL)
      give(one);
    else
      *one = take(next_random() % 8 ? class_outside : CLASSES[next_random() % CLASS_COUNT]);
  }
  inside = false;
  return true;
}

static void churn(void) {
  static held_t blocks[BLOCKS];
  for (int round = 0; round < ROUNDS; round++) {
    class_outside = CLASSES[round % CLASS_COUNT];
    working = true;
    for (int i = 0; i < BLOCKS; i++)
      if (blocks[i].at == NULL) blocks[i] = take(class_outside);
    if (round % 3 == 0) mi_collect(true);
    // In the order they came, or in any.
    for (int i = 0; i < BLOCKS; i++) give(&blocks[round % 2 ? (unsigned)i : next_random() % BLOCKS]);
    for (int i = 0; i < KEPT; i++)
      if (next_random() % 2) give(&kept[i]);
    if (round % 4 == 0) mi_collect(true);
    working = false;
  }
  for (int i = 0; i < BLOCKS; i++) give(&blocks[i]);
}

// Ends with free blocks of each class, and lets the commit function begin with another.
static void* churn_in_thread(void* arg) {
  churn();
  for (int c = 0; c < CLASS_COUNT; c++) {
    held_t some[20];
    for (int i = 0; i < 20; i++) some[i] = take(CLASSES[c]);
    for (int i = 0; i < 20; i++) give(&some[i]);
  }
  class_outside = 3000;
  working = true;
  return arg;
}

// Fills both with small blocks, which another thread then frees while this one lives.
static held_t others[4 * BLOCKS];
static pthread_barrier_t barrier;
static void* take_for_others(void* arg) {
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 4 * BLOCKS; i++) others[i] = take(48);
    for (int i = 0; i < KEPT; i++) kept[i] = take(48);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
  }
  return arg;
}
static void free_of_another(void) {
  pthread_t thread;
  CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
  CHECK(pthread_create(&thread, NULL, take_for_others, NULL) == 0);
  for (int round = 0; round < 20; round++) {
    pthread_barrier_wait(&barrier);
    working = true;
    class_outside = 48;
    for (int i = 0; i < 4 * BLOCKS; i++) {
      give(&others[i]);
      if (next_random() % 100 == 0) mi_collect(true);
    }
    for (int i = 0; i < KEPT; i++) give(&kept[i]);
    working = false;
    pthread_barrier_wait(&barrier);
  }
  CHECK(pthread_join(thread, NULL) == 0);
}

static void in_two_threads(long delay) {
  mi_option_set(mi_option_purge_delay, delay);
  churn();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, churn_in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
  working = false;
  for (int i = 0; i < KEPT; i++) give(&kept[i]);
  mi_collect(true);
}

int main(void) {
  // Behind the arena that there is, where frees of small blocks tell whose they are.
  void* block = mi_malloc(1);
  char* hint = (char*)((uintptr_t)block | ((1 << 30) - 1)) + 1;
  mi_free(block);
  char* p = mmap(hint, SIZE + (64 << 20), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(p != MAP_FAILED);
  char* start = (char*)(((uintptr_t)p + (32 << 20) - 1) & ~(uintptr_t)((32 << 20) - 1));
  mi_arena_id_t arena = NULL;
  // The main heap comes there when the arenas from before are full, as there are to be no others.
  CHECK(mi_manage_memory(start, SIZE, false, false, false, -1, false, commit, NULL, &arena) && arena != NULL);
  mi_option_enable(mi_option_disallow_os_alloc);
  static char* filler[1 << 14];
  int fillers = 0;
  for (size_t size = 4 << 20; size >= 64 << 10; size /= 8) {
    do {
      CHECK(fillers < 1 << 14 && (filler[fillers] = mi_malloc(size)) != NULL);
    } while (filler[fillers++] < start || filler[fillers - 1] >= start + SIZE);
    mi_free(filler[--fillers]);
  }
  for (long delay = 0; delay < 3; delay++) {
    heap = mi_heap_main();
    in_two_threads(delay * delay * 250);
    free_of_another();
    heap = mi_heap_new_in_arena(arena);
    CHECK(heap != NULL);
    in_two_threads(delay * delay * 250);
    CHECK(live(heap) == 0);
    mi_heap_destroy(heap);
  }
  CHECK(commits > 100 && decommits > 100);
  while (fillers > 0) mi_free(filler[--fillers]);
  return 0;
}
