// build: preload
// Thread-local destructors and pthread key destructors (of keys made before and after the library's) allocate and
// free while their thread ends, also in the last round of destructors, after the library's own.
#include <string>
#include <vector>
#include "check.h"

static pthread_key_t keys[8];
static int rounds[8];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct Local {
  std::vector<std::string> texts;
  std::string* later = nullptr;
  ~Local() {
    for (int i = 0; i < 100; i++) texts.push_back(std::string(100 + i, 'x'));
    delete later;
    free(malloc(1000));
  }
};
static thread_local Local local;

struct Value {
  int key;
  int again;
  void* block;
};

static void destroy(void* p) {
  Value* value = static_cast<Value*>(p);
  free(value->block);
  value->block = malloc(300);
  CHECK(value->block != NULL);
  memset(value->block, 1, 300);
  pthread_mutex_lock(&lock);
  rounds[value->key]++;
  pthread_mutex_unlock(&lock);
  // Come back in the next round, as long as there is one (there are at least 4).
  if (++value->again < 4) {
    pthread_setspecific(keys[value->key], value);
  } else {
    free(value->block);
    free(value);
  }
}

static void* thread(void* arg) {
  for (int i = 0; i < 8; i++) {
    Value* value = static_cast<Value*>(malloc(sizeof(Value)));
    *value = {i, 0, malloc(200)};
    CHECK(pthread_setspecific(keys[i], value) == 0);
  }
  local.later = new std::string(1000, 'y');
  local.texts.push_back("first");
  return arg;
}

int main() {
  for (int i = 0; i < 8; i++) CHECK(pthread_key_create(&keys[i], destroy) == 0);
  const int threads = 2000;
  long middle = 0;
  for (int i = 0; i < threads; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
    if (i == threads / 4) middle = rss_kib();
  }
  for (int i = 0; i < 8; i++) CHECK(rounds[i] == 4 * threads);
  CHECK(rss_kib() < middle + 2048);
  return 0;
}
