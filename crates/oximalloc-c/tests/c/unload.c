// build: raw
// env: MIMALLOC_DESTROY_ON_EXIT=1
// env: MIMALLOC_ARENA_RESERVE=16GiB
// shared: unload_plugin.c
// shared-load: no
// args: $OUT/libunload_plugin.so
// A library with the static one inside is unmapped while threads live that allocated there, and loaded again. They end, the
// process forks, and with destroy_on_exit no arena is left of any round.
#include <dlfcn.h>
#include <sys/wait.h>
#include "check.h"

#define THREADS 4
#define ROUNDS 10

static void (*use)(void);
static pthread_barrier_t used, unmapped;

static void* thread(void* arg) {
  use();
  pthread_barrier_wait(&used);
  pthread_barrier_wait(&unmapped);
  return arg;
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  for (int round = 0; round < ROUNDS; round++) {
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(plugin != NULL);
    use = (void (*)(void))dlsym(plugin, "unload_plugin_use");
    CHECK(use != NULL);
    use();
    CHECK(pthread_barrier_init(&used, NULL, THREADS + 1) == 0);
    CHECK(pthread_barrier_init(&unmapped, NULL, THREADS + 1) == 0);
    pthread_t ids[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, thread, NULL) == 0);
    pthread_barrier_wait(&used);
    CHECK(dlclose(plugin) == 0);
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL);
    CHECK(mapped_gib() < 16);
    pthread_barrier_wait(&unmapped);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
    int child = fork();
    if (child == 0) _exit(0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  return 0;
}
