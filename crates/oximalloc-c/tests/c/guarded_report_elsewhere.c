// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_SHOW_ERRORS=1
// no-stderr: mimalloc
// Faults that have nothing to do with sampled blocks, and signals that are sent, end the program as without reports.
#include <sys/wait.h>
#include "guarded.h"

static void* page;

static void nowhere(void) { *(volatile char*)opaque((void*)16) = 1; }
static void inaccessible(void) { *(volatile char*)page = 1; }
static void not_canonical(void) { *(volatile char*)opaque((void*)(uintptr_t)0x4000000000000000ull) = 1; }
static void sent(void) { raise(SIGSEGV); }
static void sent_by_number(void) { kill(getpid(), SIGSEGV); }

int main(void) {
  void (*all[])(void) = {nowhere, inaccessible, not_canonical, sent, sent_by_number};
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  free(malloc(100));
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      all[i]();
      _exit(9);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  }
  return 0;
}
