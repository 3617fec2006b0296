// secure: 0
// build: preload
// A process that may have little address space (or little data), fills it, and frees all: it is there for others again, without
// a call that asks for that, and the largest block that can be had is nearly the limit.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { MOST = 200000 };
static void* blocks[MOST];

// What is mapped of the process, or what is private and writable, in KiB.
static long mapped(int resource) {
  FILE* status = fopen("/proc/self/status", "r");
  CHECK(status != NULL);
  char line[256];
  long kib = 0;
  while (fgets(line, sizeof line, status) != NULL) sscanf(line, resource == RLIMIT_AS ? "VmSize: %ld" : "VmData: %ld", &kib);
  fclose(status);
  CHECK(kib > 0);
  return kib;
}

static void* nothing(void* arg) { return arg; }

// A thread and a mapping of 8 MiB can be had.
static bool others_can(void) {
  pthread_t id;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 20);
  if (pthread_create(&id, &attributes, nothing, NULL) != 0) return false;
  CHECK(pthread_join(id, NULL) == 0);
  void* p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  return munmap(p, 8 << 20) == 0;
}

static void run(int resource, size_t limit_mib, size_t size) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid > 0) {
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return;
  }
  size_t limit = limit_mib << 20;
  struct rlimit to = {limit, limit};
  CHECK(setrlimit(resource, &to) == 0);
  free(opaque(malloc(100)));
  long start = mapped(resource);
  for (int round = 0; round < 2; round++) {
    size_t count = 0;
    while (count < MOST && (blocks[count] = malloc(size)) != NULL) *(char*)blocks[count++] = 1;
    CHECK(count > 0 && count < MOST);
    // Blocks above 40 KiB have 64 KiB each.
    CHECK(count * (size < 65536 ? 65536 : size) > (limit - start * 1024ul) / 100 * 90);
    for (size_t i = 0; i < count; i++) free(blocks[i]);
    CHECK(others_can());
    usleep(1200000);
    for (int i = 0; i < 3000; i++) free(opaque(malloc(5000 + i * 20)));
    CHECK(others_can());
    malloc_trim(0);
    CHECK(mapped(resource) < start + (long)(limit >> 10) / 10);
    // The system's own answer is the measure.
    size_t largest = limit;
    void* p;
    while ((p = mmap(NULL, largest, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED) largest -= 1 << 20;
    CHECK(munmap(p, largest) == 0 && largest > (limit - start * 1024ul) / 100 * 90);
    CHECK((p = malloc(largest / 100 * 95)) != NULL);
    free(p);
    // Freed blocks that wait make room for it too, without a trim.
    for (count = 0; count < 100; count++) CHECK((blocks[count] = malloc(size)) != NULL);
    for (size_t i = 0; i < count; i++) free(blocks[i]);
    CHECK((p = malloc(largest / 100 * 90)) != NULL);
    free(p);
    malloc_trim(0);
  }
  _exit(0);
}

int main(void) {
  run(RLIMIT_AS, 150, 45000);
  run(RLIMIT_AS, 200, 1000000);
  run(RLIMIT_AS, 2500, 1000000);
  run(RLIMIT_DATA, 150, 45000);
  run(RLIMIT_DATA, 200, 1000000);
  return 0;
}
