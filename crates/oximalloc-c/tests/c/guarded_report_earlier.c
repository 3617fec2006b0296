// build: dlopen
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// stderr: mimalloc: error: overflow: byte 49 of a block of 40 bytes
// stderr: mimalloc: error: use after free: byte 1 of a freed block of 40 bytes
// stderr: guarded_report_earlier
// stdout: 1 2 3 4
// A handler that the program has when the library begins is called after the report, and may jump out. It is called
// for faults elsewhere too, without a report, and for signals that are sent.
#include <dlfcn.h>
#include <setjmp.h>
#include "guarded.h"

static sigjmp_buf back;
static volatile int calls;
static void* volatile at;

static void handler(int number, siginfo_t* info, void* context) {
  (void)context;
  CHECK(number == SIGSEGV && (info->si_code <= 0 || info->si_addr == at));
  calls++;
  siglongjmp(back, 1);
}

static void count(void) { printf("%d ", calls); }

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  void* library = dlopen(getenv("LIBRARY_UNDER_TEST"), RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  void* (*allocate)(size_t) = (void* (*)(size_t))dlsym(library, "mi_malloc");
  void (*release)(void*) = (void (*)(void*))dlsym(library, "mi_free");
  CHECK(allocate != NULL && release != NULL);
  char* p = allocate(40);
  at = p + 48;
  if (!sigsetjmp(back, 1)) *(volatile char*)at = 1;
  count();
  release(p);
  at = p;
  if (!sigsetjmp(back, 1)) *(volatile char*)at = 1;
  count();
  at = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) *(volatile char*)at = 1;
  count();
  if (!sigsetjmp(back, 1)) raise(SIGSEGV);
  count();
  return 0;
}
