// build: preload
// secure: 0
// timeout: 120
// What each level of protection notices, for blocks of several sizes: a child misuses a block at that level, and ends by the
// signal and with the message that belong to it. One level lower it ends as if nothing had happened.
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

enum { SMALL = 24, MIDDLE = 200, PAGE = 5000, LARGE = 100000, HUGE_ = 40 << 20 };
enum { MANY = 5000 };

// The byte that is written: never the one that is there.
static void change(volatile char* p) { *p = (char)~*p; }

static void misuse(const char* what, size_t size) {
  volatile char* p = malloc(opaque_size(size));
  volatile char* q = malloc(opaque_size(size));
  CHECK(p != NULL && q != NULL);
  if (strcmp(what, "over") == 0) {
    change(p + size);
    free((void*)p);
  } else if (strcmp(what, "twice") == 0) {
    free((void*)p);
    free((void*)q);
    free(opaque((void*)p));
  } else if (strcmp(what, "head") == 0 || strcmp(what, "middle") == 0) {
    static void* all[MANY];
    int count = size > 1 << 20 ? 40 : MANY;
    free((void*)p);
    change(p + (what[0] == 'h' ? 8 : size / 2));
    // Frees let it leave the delay line, and then it is handed out.
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < count; i++) all[i] = malloc(size);
      for (int i = 0; i < count; i++) free(all[i]);
    }
  } else if (strcmp(what, "wall") == 0) {
    for (size_t i = 0; i < 1 << 17; i++) p[i] = 1;
  } else if (strcmp(what, "inside") == 0) {
    free((void*)(p + 16));
  } else {
    CHECK(!"known");
  }
}

static const struct {
  const char* what;
  size_t size;
  int level;  // the first that notices
  int signal;
  const char* says;
} ROWS[] = {
    {"over", SMALL, 1, SIGABRT, "free: overflow: the block"},
    {"over", SMALL - 1, 1, SIGABRT, "has 23 bytes, and byte 24 was written"},
    {"over", MIDDLE, 1, SIGABRT, "has 200 bytes, and byte 201 was written"},
    {"over", PAGE, 1, SIGABRT, "has 5000 bytes, and byte 5001 was written"},
    {"over", LARGE + 1, 1, SIGABRT, "has 100001 bytes, and byte 100002 was written"},
    {"over", HUGE_ + 1, 1, SIGABRT, "has 41943041 bytes, and byte 41943042 was written"},
    {"twice", SMALL, 1, SIGABRT, "free: double free: the block"},
    {"twice", MIDDLE, 1, SIGABRT, "free: double free: the block"},
    {"twice", PAGE, 1, SIGABRT, "free: double free: the block"},
    {"twice", LARGE, 0, SIGABRT, "free: invalid pointer"},
    {"twice", HUGE_, 0, SIGABRT, "free: invalid pointer"},
    {"head", SMALL, 1, SIGABRT, "malloc: write after free: byte 9"},
    {"head", MIDDLE, 1, SIGABRT, "malloc: write after free: byte 9"},
    {"head", PAGE, 1, SIGABRT, "malloc: write after free: byte 9"},
    {"middle", MIDDLE, 3, SIGABRT, "malloc: write after free: byte 101"},
    {"middle", PAGE, 4, SIGABRT, "malloc: write after free: byte 2501"},
    {"middle", LARGE, 4, SIGSEGV, ""},
    {"wall", SMALL, 2, SIGSEGV, ""},
    {"wall", PAGE, 2, SIGSEGV, ""},
    {"wall", LARGE, 2, SIGSEGV, ""},
    {"inside", MIDDLE, 0, SIGABRT, "free: invalid pointer"},
    {"inside", LARGE, 0, SIGABRT, "free: invalid pointer"},
};
enum { COUNT = sizeof ROWS / sizeof *ROWS };

static void row(int i, int level) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    char digit[2] = {(char)('0' + level), 0}, number[8];
    snprintf(number, sizeof number, "%d", i);
    setenv("MIMALLOC_SECURE", digit, 1);
    setenv("MIMALLOC_SHOW_ERRORS", "1", 1);
    if (dup2(ends[1], 2) != 2) _exit(98);
    execl("/proc/self/exe", "protection", number, (char*)NULL);
    _exit(99);
  }
  close(ends[1]);
  char text[2048] = "";
  size_t length = 0;
  for (ssize_t n; length < sizeof text - 1 && (n = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)n;
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  bool noticed = level >= ROWS[i].level;
  bool right = noticed ? WIFSIGNALED(status) && WTERMSIG(status) == ROWS[i].signal && strstr(text, ROWS[i].says) != NULL
                       : WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!right) fprintf(stderr, "%s of %zu at level %d: status %x, %s\n", ROWS[i].what, ROWS[i].size, level, (unsigned)status, text);
  CHECK(right);
}

int main(int argc, char** argv) {
  if (argc == 2) {
    misuse(ROWS[atoi(argv[1])].what, ROWS[atoi(argv[1])].size);
    return 0;
  }
  for (int i = 0; i < COUNT; i++) {
    for (int level = ROWS[i].level; level <= 4; level++) row(i, level);
  }
  // What no level notices at level 0 is not noticed there by luck.
  for (int i = 0; i < COUNT; i++) {
    if (ROWS[i].level > 0 && strcmp(ROWS[i].what, "over") == 0 && ROWS[i].size < LARGE) row(i, 0);
  }
  return 0;
}
