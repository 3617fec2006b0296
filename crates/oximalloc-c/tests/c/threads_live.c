// build: preload
// timeout: 120
// 10 000 live threads of a few blocks each: at most 64 KiB of resident memory a thread, its stack and kernel page
// included, and most of it comes back when they end.
#include <sys/resource.h>
#include "check.h"

enum { MOST = 10000 };
static pthread_t ids[MOST];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static int waiting, go;

static void* thread(void* arg) {
  void* p[8];
  for (int i = 0; i < 8; i++) memset(p[i] = malloc((size_t)16 << i % 4), 1, (size_t)16 << i % 4);
  pthread_mutex_lock(&lock);
  waiting++;
  pthread_cond_broadcast(&change);
  while (!go) pthread_cond_wait(&change, &lock);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < 8; i++) free(p[i]);
  return arg;
}

int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 32 * 1024);
  long before = rss_kib();
  int count = 0;
  while (count < MOST && pthread_create(&ids[count], &attributes, thread, NULL) == 0) count++;
  // Containers may allow fewer threads.
  CHECK(count >= 500);
  pthread_mutex_lock(&lock);
  while (waiting < count) pthread_cond_wait(&change, &lock);
  pthread_mutex_unlock(&lock);
  long each = (rss_kib() - before) * 1024 / count;
  pthread_mutex_lock(&lock);
  go = 1;
  pthread_cond_broadcast(&change);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < count; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  fprintf(stderr, "%d threads, %ld bytes resident each; %ld KiB left after\n", count, each, rss_kib() - before);
  CHECK(each <= 64 * 1024);
  return 0;
}
