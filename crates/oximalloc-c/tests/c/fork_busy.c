// build: preload
// timeout: 120
// fork while other threads allocate and free: the child allocates, frees what it inherited, starts threads and forks.
#include <sys/wait.h>
#include "check.h"

enum { THREADS = 8, SLOTS = 200, FORKS = 60 };
static volatile int stop;
static void* inherited[SLOTS];

static unsigned next(unsigned* state) { return *state = *state * 1664525u + 1013904223u; }

static void* busy(void* arg) {
  unsigned state = (unsigned)(size_t)arg;
  unsigned char* slots[SLOTS] = {0};
  while (!stop) {
    unsigned i = (next(&state) >> 8) % SLOTS;
    size_t size = (next(&state) >> 8) % 100 == 0 ? 500000 : (next(&state) >> 8) % 2000 + 1;
    if (slots[i]) CHECK(slots[i][0] == (unsigned char)i);
    free(slots[i]);
    slots[i] = malloc(size);
    slots[i][0] = (unsigned char)i;
  }
  for (int i = 0; i < SLOTS; i++) free(slots[i]);
  return NULL;
}
static void work(unsigned seed) {
  void* p[300];
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 300; i++) {
      p[i] = malloc((next(&seed) >> 8) % 3000);
      CHECK(p[i] != NULL);
    }
    for (int i = 0; i < 300; i++) p[i] = realloc(p[i], (next(&seed) >> 8) % 6000 + 1);
    for (int i = 0; i < 300; i++) free(p[i]);
  }
  free(malloc((size_t)8 << 20));
}
static void* short_thread(void* arg) {
  work(5);
  return arg;
}
static void child(int depth) {
  work((unsigned)depth);
  for (int i = 0; i < SLOTS; i++) free(inherited[i]);
  malloc_trim(0);
  pthread_t id;
  CHECK(pthread_create(&id, NULL, short_thread, NULL) == 0);
  if (depth > 0) {
    for (int i = 0; i < SLOTS; i++) inherited[i] = malloc((size_t)i * 20);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      child(depth - 1);
      exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  CHECK(pthread_join(id, NULL) == 0);
}
static void* forker(void* arg) {
  for (int i = 0; i < FORKS / 3; i++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      work((unsigned)i);
      _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  return arg;
}

int main(void) {
  pthread_t ids[THREADS], other;
  for (int i = 0; i < SLOTS; i++) inherited[i] = malloc((size_t)i * 20);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, busy, (void*)(i + 1)) == 0);
  CHECK(pthread_create(&other, NULL, forker, NULL) == 0);
  for (int i = 0; i < FORKS; i++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      child(i % 3);
      exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  stop = 1;
  CHECK(pthread_join(other, NULL) == 0);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  for (int i = 0; i < SLOTS; i++) free(inherited[i]);
  return 0;
}
