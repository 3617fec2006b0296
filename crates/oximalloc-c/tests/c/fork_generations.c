// build: link
// timeout: 120
// A process whose threads hold free blocks forks, and its child does the same, and so on: what the vanished threads held is
// found again in each child, so that its memory does not grow from generation to generation. In the child no thread is
// counted but its own, and none of the parts of heaps that the others had.
#include <sys/wait.h>
#include "stats.h"

// A generation holds 5 MiB and more, so 24 that are lost are 120. By chance, what is resident differs by 7.
enum { BLOCKS = 2000, NOISE = 16 * 1024 };
static pthread_barrier_t barrier;
static mi_heap_t* heap;
// How threads wait when the process forks: idle, in a heap of their own too, or while they go on to allocate.
static int with_heap, busy;
static volatile int stop;

static void use(unsigned seed) {
  static __thread char* p[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) {
    seed = seed * 1103515245 + 12345;
    size_t size = (seed >> 8) % 2000 + 16;
    p[i] = with_heap && i % 2 ? mi_heap_malloc(heap, size) : malloc(size);
    CHECK(p[i] != NULL);
    memset(p[i], 1, size);
  }
  for (int i = 0; i < BLOCKS; i++) free(p[i]);
}
static void* work(void* arg) {
  use((unsigned)(size_t)arg);
  pthread_barrier_wait(&barrier);
  if (!busy)
    for (;;) pause();
  for (unsigned i = 0; !stop; i++) use(i);
  return arg;
}

// The memory of the process in generation `first` and in the last, in KiB.
static void generations(int count, int threads, int first, long memory[2]) {
  long* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) {
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    memory[0] = shared[0];
    memory[1] = shared[1];
    munmap(shared, 4096);
    return;
  }
  alarm(100);
  for (int generation = 0; generation < count; generation++) {
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 256 << 10) == 0);
    CHECK(pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1) == 0);
    for (int i = 0; i < threads; i++) {
      pthread_t id;
      CHECK(pthread_create(&id, &attributes, work, (void*)(size_t)(i + 1)) == 0);
    }
    pthread_barrier_wait(&barrier);
    mi_stats_t stats = stats_of(NULL);
    CHECK(stats.threads.current == threads + 1);
    if (generation == first) shared[0] = rss_kib();
    if (generation == count - 1) shared[1] = rss_kib();
    pid_t next = fork();
    CHECK(next >= 0);
    if (next != 0) {
      stop = 1;
      int status;
      CHECK(waitpid(next, &status, 0) == next);
      _exit(status == 0 ? 0 : 1);
    }
    alarm(100);
    stats = stats_of(NULL);
    CHECK(stats.threads.current == 1);
    CHECK(stats_of(heap).theaps.current <= 1 && stats_of(mi_heap_main()).theaps.current == 1);
    // What was held comes back: by new threads that take it, or by a collect, or as the next generation finds it.
    if (generation % 4 == 1) mi_collect(true);
    if (generation % 4 == 2) use(1);
  }
  // A heap that the others had parts of may end.
  if (with_heap > 1) mi_heap_delete(heap);
  else mi_heap_destroy(heap);
  mi_collect(true);
  _exit(0);
}

// One in which threads are in the midst of a call keeps what they had in their hands: its memory is not compared.
int main(void) {
  heap = mi_heap_new();
  for (with_heap = 0; with_heap < 3; with_heap++) {
    long few[2], many[2];
    generations(10, 4, 5, few);
    generations(25, 4, 5, many);
    CHECK(few[1] < few[0] + NOISE && many[1] < many[0] + NOISE);
    // None to take what the others left.
    generations(25, 1, 5, many);
    CHECK(many[1] < many[0] + NOISE);
  }
  busy = 1;
  long any[2];
  for (with_heap = 0; with_heap < 3; with_heap++) generations(10, 3, 5, any);
  return 0;
}
