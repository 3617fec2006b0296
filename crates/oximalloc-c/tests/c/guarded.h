// Tells guarded blocks from others.
#ifndef GUARDED_H
#define GUARDED_H
#include <signal.h>
#include "check.h"

// Whether the byte at `p` can be read; the kernel is asked, so that nothing faults.
static inline bool is_readable(const void* p) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  bool readable = write(ends[1], p, 1) == 1;
  CHECK(readable || errno == EFAULT);
  close(ends[0]);
  close(ends[1]);
  return readable;
}

// What follows the block, at an OS page, cannot be read. That is so of some ordinary blocks at the end of a slice too. The
// block may have been rounded up to `multiple`: under protection its usable size is what was asked for.
static inline bool ends_at_guard_with(void* p, size_t multiple) {
  char* end = (char*)p + (malloc_usable_size(p) + multiple - 1) / multiple * multiple;
  return is_aligned(end, (size_t)sysconf(_SC_PAGESIZE)) && !is_readable(end);
}
static inline size_t natural(void) {
  return getenv("MIMALLOC_SECURE") == NULL || getenv("MIMALLOC_GUARDED_PRECISE") != NULL ? 1 : 16;
}
static inline bool ends_at_guard(void* p) { return ends_at_guard_with(p, natural()); }

// For blocks whose size is no multiple of a slice.
static inline bool is_guarded(void* p) {
  return ends_at_guard(p) && !is_aligned((char*)p + (malloc_usable_size(p) + natural() - 1) / natural() * natural(), 65536);
}

// Says so when the fault is at `expected_fault`; the fault is then repeated without a handler.
static void* volatile expected_fault;
static inline void on_fault(int signal_number, siginfo_t* info, void* context) {
  (void)context;
  static const char at[] = "at the guard\n", other[] = "somewhere else\n";
  bool expected = info->si_addr == expected_fault;
  if (write(1, expected ? at : other, expected ? sizeof at - 1 : sizeof other - 1) < 0) _exit(2);
  signal(signal_number, SIG_DFL);
}
static inline void expect_fault(void* at) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  expected_fault = at;
}
#endif
