// build: preload
// Many threads make their first allocation at the same moment, and again in fresh processes.
#include <sys/wait.h>
#include "check.h"

enum { THREADS = 64 };
static pthread_barrier_t barrier;
static void* all[THREADS];

static void* thread(void* arg) {
  size_t me = (size_t)arg;
  pthread_barrier_wait(&barrier);
  char* p = malloc(10 + me * 100);
  CHECK(p != NULL);
  memset(p, (int)me, 10 + me * 100);
  for (int i = 0; i < 100; i++) free(malloc(opaque_size((size_t)i * 50)));
  CHECK(all_bytes(p, 10 + me * 100, (unsigned char)me));
  all[me] = p;
  pthread_barrier_wait(&barrier);
  free(all[(me + 1) % THREADS]);
  return NULL;
}

static void once(void) {
  pthread_t ids[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, thread, (void*)i) == 0);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  pthread_barrier_destroy(&barrier);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    once();
    return 0;
  }
  for (int i = 0; i < 50; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      execl("/proc/self/exe", argv[0], "once", (char*)NULL);
      _exit(99);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  for (int i = 0; i < 20; i++) once();
  return 0;
}
