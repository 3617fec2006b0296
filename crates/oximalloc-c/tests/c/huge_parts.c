// secure: 0
// build: preload
// Beyond its first 8 MiB a program that uses what it has asks for huge pages; one that touches little of it does not, nor
// one that is told to commit memory as it is used, or to do without. (What was asked for is in the mapping's flags; whether
// the system had huge pages does not matter.)
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { BYTES = 48 << 20, MEDIUM_BYTES = 14 << 20, SMALL_BYTES = 6 << 20, SIZE = 16000 };

// Whether a mapping of this process asks for huge pages.
static bool asks(void) {
  FILE* maps = fopen("/proc/self/smaps", "r");
  CHECK(maps != NULL);
  char line[1024];
  bool any = false;
  while (fgets(line, sizeof line, maps) != NULL) any |= strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg") != NULL;
  fclose(maps);
  return any;
}

static bool asked(const char* how, const char* option, const char* value) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    if (option != NULL) setenv(option, value, 1);
    execl("/proc/self/exe", "huge_parts", how, (char*)NULL);
    _exit(99);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status) == 1;
}

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] != NULL) {
    size_t touched = strcmp(argv[1], "sparse") == 0 ? 1 : SIZE;
    size_t bytes = BYTES;
    if (strcmp(argv[1], "medium") == 0) bytes = MEDIUM_BYTES;
    if (strcmp(argv[1], "small") == 0) bytes = SMALL_BYTES;
    for (size_t i = 0; i < bytes / SIZE; i++) memset(malloc(SIZE), 1, touched);
    return asks();
  }
  bool can = access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) == 0;
  CHECK(asked("dense", NULL, NULL) == can);
  CHECK(!asked("sparse", NULL, NULL));
  CHECK(asked("medium", NULL, NULL) == can);
  CHECK(!asked("small", NULL, NULL));
  CHECK(!asked("dense", "MIMALLOC_PAGE_COMMIT_ON_DEMAND", "1"));
  CHECK(!asked("dense", "MIMALLOC_ALLOW_THP", "0"));
  return 0;
}
