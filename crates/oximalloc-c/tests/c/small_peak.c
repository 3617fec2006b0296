// secure: 0
// build: preload
// flavours: release
// A program of ten allocations has within 224 KiB of the memory that it has on the C library's allocator resident: 100 KiB
// are the library's code and tables (`layout.ld` says where they lie), and 100 KiB are records and blocks.
// (Exactly, by smaps: what wait4 tells begins with the peak of the process before it executed the program.)
#include <fcntl.h>
#include <limits.h>
#include <sys/wait.h>
#include "check.h"

// The memory of this program run as `ten`, in KiB; the median of eleven runs.
static long resident(bool preloaded) {
  enum { RUNS = 11 };
  long all[RUNS];
  for (int i = 0; i < RUNS; i++) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      if (!preloaded) unsetenv("LD_PRELOAD");
      dup2(ends[1], STDOUT_FILENO);
      execl("/proc/self/exe", "small_peak", "ten", (char*)NULL);
      _exit(99);
    }
    int status = 0;
    long kib = 0;
    CHECK(read(ends[0], &kib, sizeof kib) == sizeof kib);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    close(ends[0]);
    close(ends[1]);
    // Sorted as they come.
    int j = i;
    for (; j > 0 && all[j - 1] > kib; j--) all[j] = all[j - 1];
    all[j] = kib;
  }
  return all[RUNS / 2];
}

// Tells the memory that is resident now, without an allocation. Not that of the C library's and the loader's files, which
// all processes share: how much of those the system maps at a fault changes by 150 KiB with what ran before.
static void tell(void) {
  static char text[1 << 16];
  int file = open("/proc/self/smaps", O_RDONLY);
  if (file < 0) _exit(98);
  size_t length = 0;
  for (ssize_t n; (n = read(file, text + length, sizeof text - 1 - length)) > 0;) length += (size_t)n;
  long kib = 0;
  bool counts = true;
  for (char* line = text; line != NULL && *line != 0;) {
    char* end = strchr(line, '\n');
    if (end != NULL) *end++ = 0;
    // A mapping's first line begins with its address, in small letters and digits; those of its figures with a capital.
    if (*line < 'A' || *line > 'Z') counts = strstr(line, "/libc.so") == NULL && strstr(line, "/ld-") == NULL;
    if (counts && strncmp(line, "Rss:", 4) == 0) kib += strtol(line + 4, NULL, 10);
    line = end;
  }
  if (kib == 0 || length == sizeof text - 1) _exit(96);
  if (write(STDOUT_FILENO, &kib, sizeof kib) != sizeof kib) _exit(97);
}

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] != NULL) {
    void* p[10];
    for (int i = 0; i < 10; i++) memset(p[i] = malloc((size_t)(i + 1) * 20), 1, (size_t)(i + 1) * 20);
    for (int i = 0; i < 10; i++) free(p[i]);
    tell();
    return 0;
  }
  long ours = resident(true), theirs = resident(false);
  fprintf(stderr, "%ld KiB, without the library %ld KiB\n", ours, theirs);
  CHECK(ours <= theirs + 224);
  return 0;
}
