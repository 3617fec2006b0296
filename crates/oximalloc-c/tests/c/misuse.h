// What the programs misuse_*.c share. Each has a table of rows: a kind of misuse, how its block was allocated, the block's
// size, and what comes of it at each level of protection. A child process misuses the block. It ends as the row says, and prints
// what the row says and nothing else.
//
// A row must not come out right by luck. So a byte that is written is never the byte that was there; a block lies between others
// that are in use and stay so; and where something is random, it is tried so often that a miss has a probability below 2^-60.
//
// A program with the argument `tell` only prints what comes of each row, `tell 01234` at these levels. That also works with
// another allocator.
#ifndef MISUSE_H
#define MISUSE_H
#include <stddef.h>
#include "check.h"
#include <fnmatch.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

// In a program that is linked with the library, the names that only it has are there. The others also build without it.
#ifdef LINKED
#define OURS
#define BRIEF true
#else
#define OURS __attribute__((weak))
#define BRIEF false
#endif
typedef struct mi_heap_s mi_heap_t;
OURS mi_heap_t* mi_heap_new(void);
OURS void* mi_heap_malloc(mi_heap_t* heap, size_t size);
OURS void mi_heap_destroy(mi_heap_t* heap);
OURS void free_sized(void* p, size_t size);
OURS void* mi_malloc_aligned_at(size_t size, size_t alignment, size_t offset);

enum { SMALL = 24, MIDDLE = 200, PAGE = 5000, LARGE = 100000, HUGE_ = 40 << 20 };
// What begins a block with a page of its own under protection: the largest that shares one has 8 bytes for its mark.
enum { MOST = 32760, MIB = 1 << 20 };

// What comes of a row at a level.
enum {
  NOTHING = '-',    // it is not noticed
  MESSAGE = 'm',    // the program ends by abort, with the message
  OTHER = 'n',      // the same, with the row's other message
  EITHER = 'e',     // one of the two, by chance
  FAULT = 's',      // the program ends by SIGSEGV where it reads or writes
  PREVENTED = 'p',  // the program goes on, and the misuse has no effect
  REPORTED = 'r',   // the message is shown, and the program goes on
  BROKEN = '!',     // the test itself failed
  STRANGE = 'x',    // any other end
};
enum { EXIT_PREVENTED = 42, LEVELS = 5 };

typedef struct Row Row;
struct Row {
  const char* kind;
  void (*misuse)(const Row* row);
  const char* way;
  size_t size;
  const char* levels;  // what comes of it at level 0 to 4
  const char* says;    // a pattern (fnmatch) for the whole message between the prefix and the thread; the first %zu in it is
                       // the block's size, the second is one more
  const char* also;    // the other message
};
#define ROW(kind, way, size, ...) {#kind, kind, #way, size, __VA_ARGS__}
// For the sizes that share a page with others.
#define SMALL_ROWS(kind, way, ...) ROW(kind, way, SMALL, __VA_ARGS__), MIDDLE_ROWS(kind, way, __VA_ARGS__)
#define MIDDLE_ROWS(kind, way, ...) ROW(kind, way, MIDDLE, __VA_ARGS__), ROW(kind, way, PAGE, __VA_ARGS__)
#define LARGE_ROWS(kind, way, ...) ROW(kind, way, LARGE, __VA_ARGS__), ROW(kind, way, HUGE_, __VA_ARGS__)
#define ALL_ROWS(kind, way, ...) SMALL_ROWS(kind, way, __VA_ARGS__), LARGE_ROWS(kind, way, __VA_ARGS__)

#define OVER ": overflow: the block 0x* has %zu bytes, and byte %zu was written"
#define OVER_OFFSET ": overflow: the block 0x* has * bytes, and byte * was written"
#define BEHIND ": overflow: what lies behind the block 0x* of up to * bytes was overwritten"
#define TWICE ": double free: the block 0x* of up to * bytes was freed before"
#define FREED ": use after free: the block 0x* of up to * bytes was freed before"
#define NO_START ": invalid pointer 0x*: it points into this allocator's memory, but not to the start of a block in use"
#define NOT_IN_USE \
  ": invalid pointer 0x*: it points into memory of this allocator that is not in use: the block may have been freed before"
#define NOT_GIVEN ": invalid pointer 0x*: it points into a block in use, but was not handed out for it"
#define FOREIGN ": invalid pointer 0x*: it does not point into memory of this allocator; nothing was changed"
#define WRITTEN(byte) "malloc: write after free: byte " byte " of the free block 0x* of up to * bytes was written"
#define LINK "malloc: a free block's link was overwritten (*): the program wrote to freed memory; * free blocks are lost"
#define LISTED_MARK "malloc: free block 0x* of * bytes: its mark was overwritten after it was freed"
#define MARK "malloc: the mark of the free block 0x* of up to * bytes was overwritten: some of its bytes 25 to 32 were written"

static inline void prevented(bool is_so) { _exit(is_so ? EXIT_PREVENTED : 0); }

// Changes a byte.
static inline void change(volatile char* p) { *p = (char)~*p; }
static inline void change_all(volatile char* from, size_t n) {
  for (size_t i = 0; i < n; i++) change(from + i);
}

// A block, allocated in the row's way. Its size is in the end the row's.
static inline char* take(const Row* row) {
  static mi_heap_t* heap;
  const char* way = row->way;
  size_t size = opaque_size(row->size);
  void* p = NULL;
  if (strcmp(way, "malloc") == 0) {
    p = malloc(size);
  } else if (strcmp(way, "calloc") == 0) {
    p = calloc(1, size);
  } else if (strcmp(way, "aligned64") == 0) {
    p = memalign(64, size);
  } else if (strcmp(way, "aligned4096") == 0) {
    p = memalign(4096, size);
  } else if (strcmp(way, "offset") == 0) {
    CHECK(mi_malloc_aligned_at != NULL);
    p = mi_malloc_aligned_at(size, 64, 8);
    CHECK(is_aligned((char*)p + 8, 64));
  } else if (strcmp(way, "heap") == 0) {
    CHECK(mi_heap_new != NULL);
    if (heap == NULL) heap = mi_heap_new();
    p = mi_heap_malloc(heap, size);
  } else if (strcmp(way, "grown") == 0) {
    p = realloc(malloc(size - 4), size);
  } else if (strcmp(way, "moved") == 0) {
    p = realloc(malloc(size / 8), size);
  } else if (strcmp(way, "shrunk") == 0) {
    p = realloc(malloc(size + 4), size);
  } else if (strcmp(way, "shrunk_much") == 0) {
    p = realloc(malloc(size < MIB ? size * 8 : size * 2), size);
  }
  CHECK(p != NULL);
  return p;
}

static inline bool shares_page(const Row* row) { return row->size <= MOST; }

static inline int by_address(const void* a, const void* b) {
  char *const *x = a, *const *y = b;
  return (*x > *y) - (*x < *y);
}

// A row of blocks without gaps, all in use, and a block within it.
typedef struct {
  char *below, *at, *above;
} Middle;
static inline Middle neighbours(const Row* row) {
  static char* all[300];
  int n = shares_page(row) ? 300 : row->size < MIB ? 12 : 4;
  for (int i = 0; i < n; i++) all[i] = take(row);
  qsort(all, (size_t)n, sizeof *all, by_address);
  Middle any = {all[n / 2 - 1], all[n / 2], all[n / 2 + 1]};
  // These lie at any place in their blocks.
  if (strcmp(row->way, "offset") == 0) return any;
  ptrdiff_t least = PTRDIFF_MAX;
  for (int i = 1; i < n; i++) least = all[i] - all[i - 1] < least ? all[i] - all[i - 1] : least;
  for (int i = n - 3; i > 0; i--) {
    if (all[i] - all[i - 1] == least && all[i + 1] - all[i] == least) return (Middle){all[i - 1], all[i], all[i + 1]};
  }
  // Another allocator may leave gaps.
  CHECK(getenv("MISUSE_TELL") != NULL);
  return any;
}
static inline char* middle(const Row* row) { return neighbours(row).at; }

// Allocates until a block that was freed is handed out again, if it ever is. Each block that is freed changes places with one of
// at most eight that wait, which one is handed out next. The blocks that are kept make the allocator draw new random numbers.
static inline char* churn(const Row* row, char* freed) {
  int pairs = shares_page(row) ? 800 : 40;
  for (int i = 0; i < pairs; i++) {
    char* p = take(row);
    if (p == freed) return p;
    if (i % 20 == 19 && row->size < MIB) {
      for (int keep = 0; keep < (shares_page(row) ? 30 : 1); keep++) {
        if (take(row) == freed) return freed;
      }
    }
    free(p);
  }
  return NULL;
}

// How a child ended, and what it printed.
typedef struct {
  int status;
  char text[4096];
} End;

// Drop the lines of a stack, which the build with debug assertions prints behind a message.
static inline void drop_stack(char* text) {
  char* to = text;
  for (char *line = text, *next; *line; line = next) {
    next = line + strcspn(line, "\n");
    next += *next == '\n';
    if (strncmp(line, "    #", 5) == 0) continue;
    memmove(to, line, (size_t)(next - line));
    to += next - line;
  }
  *to = 0;
}

static inline End run_row(int i, int level) {
  End end = {0};
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    char digit[2] = {(char)('0' + level), 0}, number[8];
    snprintf(number, sizeof number, "%d", i);
    setenv("MIMALLOC_SECURE", digit, 1);
    setenv("MIMALLOC_SHOW_ERRORS", "1", 1);
    // No file of the memory is written, and who hangs does not hang for ever.
    struct rlimit none = {0, 0}, seconds = {30, 30};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &seconds);
    if (dup2(ends[1], 2) != 2) _exit(98);
    close(ends[0]);
    close(ends[1]);
    execl("/proc/self/exe", "misuse", number, (char*)NULL);
    _exit(99);
  }
  close(ends[1]);
  size_t length = 0;
  for (ssize_t n; length < sizeof end.text - 1; length += (size_t)n) {
    n = read(ends[0], end.text + length, sizeof end.text - 1 - length);
    if (n <= 0) break;
  }
  close(ends[0]);
  CHECK(waitpid(pid, &end.status, 0) == pid);
  drop_stack(end.text);
  return end;
}

static inline bool is_said(const Row* row, const char* text, const char* says, const char* after) {
  if (says == NULL) return false;
  char message[512], pattern[1024];
  snprintf(message, sizeof message, says, row->size, row->size + 1);
  snprintf(pattern, sizeof pattern, "mimalloc: error: %s%s\n", message, after);
  return fnmatch(pattern, text, 0) == 0;
}

// What came of a row. A message must be all that was printed.
static inline char outcome(const Row* row, const End* end) {
  static const char ends[] = " (thread 0x*); the program ends here";
  int signal = WIFSIGNALED(end->status) ? WTERMSIG(end->status) : 0;
  int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1;
  bool is_silent = end->text[0] == 0;
  if (signal == SIGABRT && is_said(row, end->text, row->says, ends)) return MESSAGE;
  if (signal == SIGABRT && is_said(row, end->text, row->also, ends)) return OTHER;
  if (signal == SIGSEGV && is_silent) return FAULT;
  if (code == EXIT_PREVENTED && is_silent) return PREVENTED;
  if (code == 0 && is_silent) return NOTHING;
  if (code == 0 && is_said(row, end->text, row->says, "")) return REPORTED;
  return code == 1 ? BROKEN : STRANGE;
}

// What came of a row with any allocator.
static inline char outcome_anywhere(const End* end) {
  int signal = WIFSIGNALED(end->status) ? WTERMSIG(end->status) : 0;
  int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1;
  if (signal == SIGSEGV || signal == SIGBUS) return FAULT;
  if (signal == SIGABRT || signal == SIGILL || signal == SIGTRAP) return MESSAGE;
  if (code == EXIT_PREVENTED) return PREVENTED;
  if (code == 0) return end->text[0] == 0 ? NOTHING : REPORTED;
  return code == 1 ? BROKEN : STRANGE;
}

static inline void tell(const Row* rows, int count, const char* levels) {
  setenv("MISUSE_TELL", "1", 1);
  for (int i = 0; i < count; i++) {
    const Row* row = rows + i;
    printf("%-16s %-12s %9zu  ", row->kind, row->way, row->size);
    End shown = {0};
    for (const char* level = levels; *level; level++) {
      End end = run_row(i, *level - '0');
      putchar(outcome_anywhere(&end));
      if (shown.text[0] == 0) shown = end;
    }
    shown.text[strcspn(shown.text, "\n")] = 0;
    printf("  %s\n", shown.text);
    fflush(stdout);
  }
}

// Runs all rows at all levels; in brief at level 0, and at those at which something else comes of a row than at a level beside.
static inline int misuse_main(int argc, char** argv, const Row* rows, int count) {
  if (argc >= 2 && strcmp(argv[1], "tell") == 0) {
    tell(rows, count, argc > 2 ? argv[2] : "0");
    return 0;
  }
  if (argc == 2) {
    int i = atoi(argv[1]);
    rows[i].misuse(rows + i);
    _exit(0);
  }
  int wrong = 0;
  for (int i = 0; i < count; i++) {
    const Row* row = rows + i;
    CHECK(strlen(row->levels) == LEVELS);
    for (int level = 0; level < LEVELS; level++) {
      bool is_step = level > 0 && row->levels[level] != row->levels[level - 1];
      bool is_before_step = level + 1 < LEVELS && row->levels[level] != row->levels[level + 1];
      if (BRIEF && level > 0 && !is_step && !is_before_step) continue;
      End end = run_row(i, level);
      char came = outcome(row, &end);
      char expected = row->levels[level];
      if (came == expected || (expected == EITHER && (came == MESSAGE || came == OTHER))) continue;
      fprintf(stderr, "%s of %zu bytes by %s at level %d: %c, expected %c; status %x\n%s", row->kind, row->size, row->way, level,
              came, expected, (unsigned)end.status, end.text);
      wrong++;
    }
  }
  return wrong != 0;
}
#endif
