// build: preload
// `MIMALLOC_ALLOW_THP=0`: none of the allocator's memory asks the system for huge pages or may be given any, and a program that is
// started from such a process has them as ever.
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

// What the system says of this process: 1, 0, or 9 where it says nothing.
static int huge_pages_allowed(void) {
  FILE* status = fopen("/proc/self/status", "r");
  CHECK(status != NULL);
  char line[1024];
  int answer = 9;
  while (fgets(line, sizeof line, status) != NULL) sscanf(line, "THP_enabled: %d", &answer);
  fclose(status);
  return answer;
}

// Anonymous mappings that could hold a huge page, and how many of them are shut to such.
static void count(int* all, int* shut) {
  FILE* maps = fopen("/proc/self/smaps", "r");
  CHECK(maps != NULL);
  char line[1024];
  unsigned long from = 0, to = 0;
  bool fits = false;
  *all = *shut = 0;
  while (fgets(line, sizeof line, maps) != NULL) {
    char name[512] = "";
    if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %511s", &from, &to, name) >= 2) {
      unsigned long first = (from + (2ul << 20) - 1) & -(2ul << 20);
      fits = name[0] == 0 && first + (2ul << 20) <= to;
    } else if (fits && strncmp(line, "VmFlags:", 8) == 0) {
      *all += 1;
      *shut += strstr(line, " nh") != NULL;
    }
  }
  fclose(maps);
}

static int run(const char* how, const char* option) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    if (option != NULL) setenv("MIMALLOC_ALLOW_THP", option, 1); else unsetenv("MIMALLOC_ALLOW_THP");
    execl("/proc/self/exe", "allow_thp", how, (char*)NULL);
    _exit(99);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
  return WEXITSTATUS(status);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "tell") == 0) return huge_pages_allowed();
  if (argc > 1) {
    // Small blocks in arenas, with records of their pages in mappings of more than 2 MiB; a mapping of its own.
    for (int i = 0; i < 40000; i++) CHECK(opaque(malloc(60000)) != NULL);
    char* p = malloc((size_t)800 << 20);
    CHECK(p != NULL);
    p[4 << 20] = 1;
    p = realloc(p, (size_t)900 << 20);
    CHECK(p != NULL && p[4 << 20] == 1);
    p[850 << 20] = 1;
    int all, shut;
    count(&all, &shut);
    CHECK(all >= 3);
    CHECK(shut == (strcmp(argv[1], "shut") == 0 ? all : shut));
    return run("tell", NULL);
  }
  int before = huge_pages_allowed();
  if (before == 9 || access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0) return 0;
  CHECK(run("shut", "0") == before);
  CHECK(run("open", "1") == before);
  CHECK(run("open", "2") == before);
  return 0;
}
