// build: link
// Each kind of call as the last that a thread makes, in each order of its destructors: C++'s of thread-local values, those of
// keys made before the library's and after it, in each of their rounds, and by a thread that calls the library for the first
// time then. Nothing stays behind, and the counts of threads and of parts of heaps come back.
#include "late_calls.h"

enum { ROUNDS = 4, EARLY = 3, KEYS = 6 };
static pthread_key_t keys[KEYS];
static mi_heap_t* heap;
static int call, when;
// Whether the thread uses the library before its end.
static bool begins;
static __thread int round_of[KEYS];
static void* handed[2];

static void late_call() {
  void *p, *q;
  switch (call) {
    case 0: mi_free(mi_malloc(100)); break;
    case 1:
      mi_free(handed[0]);
      mi_free(handed[1]);
      handed[0] = handed[1] = NULL;
      break;
    case 2:
      p = mi_realloc(mi_malloc(10), 1000);
      p = mi_realloc(p, 300000);
      mi_free(mi_realloc(p, 20));
      break;
    case 3:
      p = mi_heap_malloc(heap, 100);
      q = mi_heap_zalloc(heap, 200000);
      CHECK(p != NULL && q != NULL && mi_heap_of(p) == heap);
      mi_free(p);
      mi_free(q);
      break;
    case 4: {
      mi_heap_t* mine = mi_heap_new();
      p = mi_heap_malloc(mine, 100);
      CHECK(p != NULL);
      mi_heap_delete(mine);
      mi_free(p);
      mine = mi_heap_new();
      CHECK(mi_heap_malloc(mine, 100) != NULL);
      mi_heap_destroy(mine);
      break;
    }
    case 5:
      mi_collect(false);
      mi_collect(true);
      mi_heap_collect(heap, true);
      mi_collect_reduce(0);
      break;
    case 6:
      CHECK(stats_of(NULL).threads.current >= 1 && stats_of(heap).size != 0);
      mi_stats_merge();
      break;
    case 7:
      mi_thread_init();
      mi_thread_set_in_threadpool();
      mi_thread_done();
      break;
    case 8:
      CHECK(mi_heap_main() != NULL);
      mi_theap_set_default(mi_theap_get_default());
      mi_subproc_add_current_thread(mi_subproc_main());
      mi_free(mi_calloc(10, 10));
      break;
    case 9:
      for (size_t size = 1; size < 100000; size += size / 2 + 1) {
        p = mi_malloc_aligned(size, 64);
        CHECK(p != NULL);
        memset(p, 1, size);
        mi_free(p);
      }
      break;
  }
}
enum { CALLS = 10 };

struct Local {
  bool used = false;
  ~Local() {
    if (when == 0) late_call();
  }
};
static thread_local Local local;

static void destroy(void* p) {
  int i = (int)((pthread_key_t*)p - keys);
  round_of[i]++;
  // In that round: by the first key, or by the last.
  int round = (when + 1) / 2, key = when % 2 == 1 ? 0 : KEYS - 1;
  if (when > 0 && round_of[i] == round && i == key) late_call();
  if (round_of[i] < ROUNDS) CHECK(pthread_setspecific(keys[i], p) == 0);
}

static void* work(void*) {
  // Registering its destructor allocates.
  if (begins || when == 0) local.used = true;
  for (int i = 0; i < KEYS; i++) CHECK(pthread_setspecific(keys[i], &keys[i]) == 0);
  if (!begins) return NULL;
  void* p[200];
  for (size_t i = 0; i < 200; i++) p[i] = mi_malloc(i * 20);
  for (size_t i = 0; i < 200; i++) mi_free(p[i]);
  mi_free(mi_heap_malloc(heap, 100));
  return NULL;
}
// The thread before hands blocks to the next: of the main heap, and of another.
static void* with_blocks(void* arg) {
  handed[0] = mi_malloc(100);
  handed[1] = mi_heap_malloc(heap, 100);
  pthread_t id;
  CHECK(pthread_create(&id, NULL, work, arg) == 0);
  CHECK(pthread_join(id, NULL) == 0);
  mi_free(handed[0]);
  mi_free(handed[1]);
  handed[0] = handed[1] = NULL;
  return NULL;
}

int main() {
  for (int i = 0; i < EARLY; i++) CHECK(pthread_key_create(&keys[i], destroy) == 0);
  heap = mi_heap_new();
  mi_free(mi_malloc(1));
  for (int i = EARLY; i < KEYS; i++) CHECK(pthread_key_create(&keys[i], destroy) == 0);
  for (call = 0; call < CALLS; call++)
    for (when = 0; when <= 2 * ROUNDS; when++)
      for (int first = 0; first < 2; first++) {
        begins = first == 0;
        left_by(5, with_blocks, NULL);
        int64_t threads = threads_counted(), theaps = theaps_counted();
        long one = left_by(10, with_blocks, NULL), two = left_by(30, with_blocks, NULL);
        if (one >= 1024 || two >= 1024 || threads_counted() != threads || theaps_counted() != theaps) {
          fprintf(stderr, "call %d, when %d, begins %d: %ld then %ld KiB; threads %ld of %ld, theaps %ld of %ld\n", call, when, begins,
                  one, two, (long)threads_counted(), (long)threads, (long)theaps_counted(), (long)theaps);
          return 1;
        }
      }
  mi_heap_delete(heap);
  return 0;
}
