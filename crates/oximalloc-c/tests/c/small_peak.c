// build: preload
// flavours: release
// A program of ten allocations peaks within 288 KiB of what it does on the C library's allocator: half of that is the
// library's code and tables, which the system maps by 64 KiB, and 110 KiB are records and blocks.
#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "check.h"

// The peak of this program run as `ten`, in KiB; the median of eleven runs.
static long peak(bool preloaded) {
  enum { RUNS = 11 };
  long peaks[RUNS];
  for (int i = 0; i < RUNS; i++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      if (!preloaded) unsetenv("LD_PRELOAD");
      execl("/proc/self/exe", "small_peak", "ten", (char*)NULL);
      _exit(99);
    }
    int status = 0;
    struct rusage usage;
    CHECK(wait4(pid, &status, 0, &usage) == pid && status == 0);
    // Sorted as they come.
    int j = i;
    for (; j > 0 && peaks[j - 1] > usage.ru_maxrss; j--) peaks[j] = peaks[j - 1];
    peaks[j] = usage.ru_maxrss;
  }
  return peaks[RUNS / 2];
}

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] != NULL) {
    void* p[10];
    for (int i = 0; i < 10; i++) memset(p[i] = malloc((size_t)(i + 1) * 20), 1, (size_t)(i + 1) * 20);
    for (int i = 0; i < 10; i++) free(p[i]);
    return 0;
  }
  long ours = peak(true), theirs = peak(false);
  fprintf(stderr, "%ld KiB, without the library %ld KiB\n", ours, theirs);
  CHECK(ours <= theirs + 288);
  return 0;
}
