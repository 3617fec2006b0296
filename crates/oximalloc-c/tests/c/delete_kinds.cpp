// build: preload
// cflags: -fsized-deallocation
// secure: 0
// What protection notices of C++: a delete that has another size than its new had, and one for an array that is none, or the
// other way round. What is right stays so: blocks of malloc and realloc, and those of any size.
#include "check.h"
#include <new>
#include <signal.h>
#include <sys/wait.h>

// Calls as a compiler may make them, which it cannot remove.
static void* (*volatile take)(size_t) = ::operator new;
static void* (*volatile take_array)(size_t) = ::operator new[];
static void (*volatile give)(void*) = ::operator delete;
static void (*volatile give_array)(void*) = ::operator delete[];
static void (*volatile give_sized)(void*, size_t) = ::operator delete;
static void (*volatile give_sized_array)(void*, size_t) = ::operator delete[];

enum { NEVER = 9 };

static const struct {
  const char* what;
  int level;  // the first that notices
  bool large; // of blocks above 32 KiB, too
  void (*run)(size_t);
  const char* says;
} ROWS[] = {
    {"right", NEVER, false, [](size_t n) { give_sized(take(n), n); }, ""},
    {"right array", NEVER, false, [](size_t n) { give_sized_array(take_array(n), n); }, ""},
    {"without a size", NEVER, false, [](size_t n) { give(take(n)), give_array(take_array(n)); }, ""},
    {"nothrow", NEVER, false, [](size_t n) { give_array(::operator new[](n, std::nothrow)); }, ""},
    {"no bytes", NEVER, false, [](size_t) { give_sized(take(0), 0), give_sized_array(take_array(0), 0); }, ""},
    {"malloc", NEVER, false, [](size_t n) { give(malloc(n)), give_array(malloc(n)); }, ""},
    {"realloc", NEVER, false, [](size_t n) { give_sized(realloc(take(n), 3 * n), 3 * n); }, ""},
    {"null", NEVER, false, [](size_t n) { give(nullptr), give_sized(nullptr, n), give_sized_array(nullptr, n); }, ""},
    {"smaller", 1, true, [](size_t n) { give_sized(take(n), n - 16); }, "delete: wrong size: the block "},
    {"larger", 1, true, [](size_t n) { give_sized(take(n), n + 1); }, "delete: wrong size: the block "},
    {"smaller array", 1, true, [](size_t n) { give_sized_array(take_array(n), n - 1); }, "delete[]: wrong size: the block "},
    {"smaller of malloc", 1, true, [](size_t n) { give_sized(malloc(n), n - 1); }, "delete: wrong size: the block "},
    {"array", 1, false, [](size_t n) { give_array(take(n)); }, "was allocated by new; delete frees it"},
    {"sized array", 1, false, [](size_t n) { give_sized_array(take(n), n); }, "was allocated by new; delete frees it"},
    {"no array", 1, false, [](size_t n) { give(take_array(n)); }, "was allocated by new[]; delete[] frees it"},
    {"sized no array", 1, false, [](size_t n) { give_sized(take_array(n), n); }, "was allocated by new[]; delete[] frees it"},
    {"nothrow array", 1, false, [](size_t n) { give(::operator new[](n, std::nothrow)); }, "was allocated by new[]"},
    {"free", 3, false, [](size_t n) { free(take(n)); }, "free: wrong function: the block "},
};

static void row(int i, int level, size_t size, const char* rate) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    char digit[2] = {(char)('0' + level), 0}, number[8], bytes[24];
    snprintf(number, sizeof number, "%d", i);
    snprintf(bytes, sizeof bytes, "%zu", size);
    setenv("MIMALLOC_SECURE", digit, 1);
    setenv("MIMALLOC_SHOW_ERRORS", "1", 1);
    setenv("MIMALLOC_GUARDED_SAMPLE_RATE", rate, 1);
    if (dup2(ends[1], 2) != 2) _exit(98);
    execl("/proc/self/exe", "delete_kinds", number, bytes, (char*)NULL);
    _exit(99);
  }
  close(ends[1]);
  char text[2048] = "";
  size_t length = 0;
  for (ssize_t n; length < sizeof text - 1 && (n = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)n;
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  bool noticed = level >= ROWS[i].level && (size <= 32768 || ROWS[i].large);
  bool right = noticed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, ROWS[i].says) != NULL
                       : WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!right) fprintf(stderr, "%s of %zu at level %d, sampled %s: status %x, %s\n", ROWS[i].what, size, level, rate, (unsigned)status, text);
  CHECK(right);
}

int main(int argc, char** argv) {
  if (argc == 3) {
    ROWS[atoi(argv[1])].run((size_t)atol(argv[2]));
    return 0;
  }
  static const size_t SIZES[] = {40, 5000, 100000};
  for (int i = 0; i < (int)(sizeof ROWS / sizeof *ROWS); i++) {
    for (size_t size : SIZES) {
      for (int level = 0; level <= 3; level++) row(i, level, size, "0");
    }
    // Blocks that sampling guards are as exact, but do not know what kind they are.
    if (ROWS[i].level == NEVER) row(i, 2, 41, "1");
  }
  return 0;
}
