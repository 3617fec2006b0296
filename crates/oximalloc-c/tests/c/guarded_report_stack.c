// build: link
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// signal: SIGSEGV
// stderr: use after free: byte 1 of a freed block of 100 bytes
// stderr:   freed by thread 0x
// stderr: the end of the report follows
// A thread with a stack for signals of its own has the report made on that, and needs no more than 8 KiB of it beside
// what the kernel takes.
#include <sys/auxv.h>
#include "guarded.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

int main(void) {
  size_t kernel = getauxval(AT_MINSIGSTKSZ), page = 4096;
  size_t size = ((kernel < 2048 ? 2048 : kernel) + 8192 + page - 1) / page * page;
  char* stack = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(stack != MAP_FAILED && mprotect(stack + page, size, PROT_READ | PROT_WRITE) == 0);
  stack_t alternative = {.ss_sp = stack + page, .ss_size = size};
  CHECK(sigaltstack(&alternative, NULL) == 0);
  char* p = malloc(opaque_size(100));
  free(p);
  // The child's report must be whole; then this process ends in the same way.
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    if (dup2(ends[1], 2) != 2) _exit(98);
    *(volatile char*)opaque(p) = 1;
    _exit(99);
  }
  close(ends[1]);
  static char text[8192];
  size_t length = 0;
  for (ssize_t n; (n = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)n;
  char* freed = strstr(text, "freed by thread");
  CHECK(freed != NULL && strstr(freed, "#0 ") != NULL && strstr(freed, "#1 ") != NULL);
  fprintf(stderr, "the end of the report follows\n");
  *(volatile char*)opaque(p) = 1;
  return 0;
}
