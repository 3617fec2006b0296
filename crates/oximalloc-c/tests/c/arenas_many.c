// build: link
// Arenas that somebody asked for are in nobody's way, however many there are: claims of others reserve as seldom as without
// them. Where there can be no more arenas, each page is a mapping of its own, and nothing is tried in vain for it.
#include <sys/wait.h>
#include <unistd.h>
#include "stats.h"

enum { BLOCKS = 2000, SIZE = 60000 };

// Mappings that so many blocks, of which each has a page, take beside so many arenas; and whether all these were to be had.
static int64_t mappings(int arenas, bool all) {
  int had = 0;
  for (int i = 0; i < arenas; i++) {
    mi_arena_id_t id;
    had += mi_reserve_os_memory_ex(4 << 20, false, false, true, &id) == 0;
  }
  CHECK((had == arenas) == all);
  int64_t before = stats_of(NULL).mmap_calls.total;
  for (int i = 0; i < BLOCKS; i++) {
    char* p = mi_malloc(SIZE);
    CHECK(p != NULL);
    p[0] = p[SIZE - 1] = 1;
  }
  return stats_of(NULL).mmap_calls.total - before;
}

static void in_child(int arenas, bool all, int64_t most) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    int64_t had = mappings(arenas, all);
    CHECK(had <= most);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  in_child(0, true, 20);
  in_child(300, true, 20);
  in_child(2000, true, 20);
  // One call for a page, and one more if it gives what is not aligned. It does so each time where the system has a hole
  // that is large enough for the page, but not aligned.
  in_child(6000, false, 2 * BLOCKS + 20);
  return 0;
}
