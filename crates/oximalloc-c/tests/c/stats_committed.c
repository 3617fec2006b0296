// build: link
// env: MIMALLOC_PURGE_DELAY=0
// committed is what is mapped and was not purged: it follows blocks and purges, and bounds what is resident, but for the
// rest of a huge page. A fork's child has one thread.
#include <sys/wait.h>
#include "stats.h"

enum { COUNT = 64, SIZE = 1 << 20 };

static int ready[2], done[2];
static void* waits(void* arg) {
  // Its stacks hold blocks that nobody uses while it sleeps.
  void* mine[50];
  for (int i = 0; i < 50; i++) mine[i] = mi_malloc(48);
  for (int i = 0; i < 50; i++) mi_free(mine[i]);
  CHECK(write(ready[1], "x", 1) == 1);
  char byte;
  CHECK(read(done[0], &byte, 1) == 1);
  return arg;
}

int main(void) {
  static char* blocks[COUNT];
  mi_stats_t before = stats_of(NULL);
  long rss = rss_kib();
  for (int i = 0; i < COUNT; i++) memset(blocks[i] = mi_malloc(SIZE), 1, SIZE);
  mi_stats_t full = stats_of(NULL);
  int64_t all = (int64_t)COUNT * SIZE;
  CHECK(full.committed.current - before.committed.current >= all);
  CHECK(full.committed.current - before.committed.current >= (int64_t)(rss_kib() - rss) * 1024 - (3 << 20));
  CHECK(full.reserved.current >= full.committed.current && full.committed.peak >= full.committed.current);
  CHECK(full.arena_count.total >= 1 && full.mmap_calls.total >= 1);
  for (int i = 0; i < COUNT; i++) mi_free(blocks[i]);
  mi_collect(true);
  mi_stats_t freed = stats_of(NULL);
  CHECK(full.committed.current - freed.committed.current >= all && freed.purged.total - full.purged.total >= all);
  CHECK(freed.purge_calls.total > full.purge_calls.total && freed.arena_purges.total > full.arena_purges.total);
  CHECK(freed.committed.peak >= full.committed.current && freed.malloc_huge.current == before.malloc_huge.current);

  size_t commit, peak;
  mi_process_info(NULL, NULL, NULL, NULL, NULL, &commit, &peak, NULL);
  CHECK((int64_t)commit == stats_of(NULL).committed.current && (int64_t)peak == stats_of(NULL).committed.peak);

  // A thread that sleeps.
  pthread_t thread;
  char byte;
  CHECK(pipe(ready) == 0 && pipe(done) == 0);
  before = stats_of(NULL);
  CHECK(pthread_create(&thread, NULL, waits, NULL) == 0 && read(ready[0], &byte, 1) == 1);
  mi_stats_t sleeping = stats_of(NULL);
  // The C library has one for the thread.
  CHECK(blocks_in_use(&sleeping) <= blocks_in_use(&before) + 1 && sleeping.threads.current == 2);
  heaps_add_up(mi_subproc_main());
  pid_t child = fork();
  if (child == 0) {
    mi_stats_t alone = stats_of(NULL);
    check_order(&alone);
    CHECK(alone.threads.current == 1 && alone.theaps.current == 1);
    CHECK(blocks_in_use(&alone) <= blocks_in_use(&sleeping));
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(write(done[1], "x", 1) == 1 && pthread_join(thread, NULL) == 0);
  mi_stats_t ended = stats_of(NULL);
  CHECK(ended.threads.current == 1 && ended.threads.peak == 2 && ended.theaps.current == 1);
  return 0;
}
