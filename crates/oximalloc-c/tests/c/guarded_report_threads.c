// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_SHOW_ERRORS=1
// timeout: 120
// Threads allocate and free each other's sampled blocks, and end. Then a use after free in a child names the threads
// that allocated and freed the block. A double free of threads at the same moment is noticed by one of them.
#include <sys/wait.h>
#include "guarded.h"

enum { THREADS = 4, BLOCKS = 300 };
static void* blocks[THREADS][BLOCKS];
static uintptr_t names[THREADS];

static void* allocate(void* arg) {
  size_t n = (size_t)arg;
  names[n] = (uintptr_t)pthread_self();
  for (int i = 0; i < BLOCKS; i++) CHECK((blocks[n][i] = malloc((size_t)i)) != NULL);
  return NULL;
}
static void* release(void* arg) {
  size_t n = ((size_t)arg + 1) % THREADS;
  names[(size_t)arg] = (uintptr_t)pthread_self();
  for (int i = 0; i < BLOCKS; i++) free(blocks[n][i]);
  return NULL;
}
static void* release_one(void* p) {
  free(p);
  return NULL;
}

static void together(void* (*work)(void*)) {
  pthread_t ids[THREADS];
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, work, (void*)i) == 0);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
}

static void child_says(void (*work)(void), int number, const char* first, const char* second) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    if (dup2(ends[1], 2) != 2) _exit(98);
    work();
    _exit(99);
  }
  close(ends[1]);
  char text[8192] = "";
  size_t length = 0;
  for (ssize_t n; (n = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)n;
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  bool right = WIFSIGNALED(status) && WTERMSIG(status) == number && strstr(text, first) && strstr(text, second);
  if (!right) fprintf(stderr, "status %x, not '%s' or not '%s':\n%s\n", (unsigned)status, first, second, text);
  CHECK(right);
}

static void use_last(void) { *(volatile char*)blocks[0][BLOCKS - 1] = 1; }
static void free_at_once(void) {
  pthread_t ids[THREADS];
  void* p = malloc(opaque_size(1000));
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, release_one, p) == 0);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
}

int main(void) {
  for (int round = 0; round < 3; round++) {
    together(allocate);
    char first[64], second[64];
    snprintf(first, sizeof first, "allocated by thread %#zx", (size_t)names[0]);
    together(release);
    // This block goes last: no other one takes its place in the quarantine.
    pthread_t id;
    CHECK(pthread_create(&id, NULL, release_one, blocks[0][BLOCKS - 1] = malloc(opaque_size(500))) == 0);
    snprintf(second, sizeof second, "freed by thread %#zx", (size_t)id);
    snprintf(first, sizeof first, "allocated by thread %#zx", (size_t)pthread_self());
    CHECK(pthread_join(id, NULL) == 0);
    child_says(use_last, SIGSEGV, first, second);
    child_says(free_at_once, SIGABRT, "mimalloc: error: ", "free: double free: the block 0x");
  }
  return 0;
}
