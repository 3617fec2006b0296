// build: raw
// shared: thread_end_plugin_part.c
// shared-load: no
// args: $OUT/libthread_end_plugin_part.so
// Threads use a library with the static one inside, and do so again when they end: nothing stays behind, and the count of threads
// comes back, also after the library was unmapped and loaded again. The first thread has not used it when it
// forks: in the child nobody has.
#include <dlfcn.h>
#include <sys/wait.h>
#include "check.h"

static void (*use)(bool);
static void* thread(void* arg) {
  use(arg != NULL);
  return NULL;
}
static pthread_barrier_t barrier;
static void* stays(void* arg) {
  use(true);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return arg;
}
static long left_by(int threads) {
  long before = rss_kib();
  for (int i = 0; i < threads; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, i % 2 ? &use : NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
  }
  return rss_kib() - before;
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  for (int round = 0; round < 3; round++) {
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin != NULL);
    use = (void (*)(bool))dlsym(plugin, "thread_end_plugin_use");
    long (*threads)(void) = (long (*)(void))dlsym(plugin, "thread_end_plugin_threads");
    CHECK(use != NULL && threads != NULL);
    pthread_t id;
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0 && pthread_create(&id, NULL, stays, NULL) == 0);
    pthread_barrier_wait(&barrier);
    pid_t child = fork();
    // Who asks is counted.
    if (child == 0) _exit(threads() == 1 ? 0 : 1);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    pthread_barrier_wait(&barrier);
    CHECK(pthread_join(id, NULL) == 0);
    left_by(20);
    long before = threads(), few = left_by(100), many = left_by(300);
    CHECK(few < 1024 && many < 1024);
    CHECK(threads() == before);
    CHECK(dlclose(plugin) == 0);
  }
  return 0;
}
