// build: link
// tests: mi_subproc_visit_heaps
// Every heap of the subprocess, once each, its main one too; false stops the visit and is its answer.
#include "conf.h"

typedef struct { mi_heap_t* heaps[64]; int count, stop_at; } list_t;
static bool note(mi_heap_t* heap, void* arg) {
  list_t* list = arg;
  CHECK(heap != NULL && list->count < 64);
  list->heaps[list->count++] = heap;
  return list->count != list->stop_at;
}
static int times(const list_t* list, const mi_heap_t* heap) {
  int found = 0;
  for (int i = 0; i < list->count; i++) found += list->heaps[i] == heap;
  return found;
}
int main(void) {
  list_t list = {0};
  CHECK(mi_subproc_visit_heaps(mi_subproc_main(), note, &list) && times(&list, mi_heap_main()) == 1);
  int before = list.count;
  mi_heap_t* heaps[20];
  for (int i = 0; i < 20; i++) heaps[i] = mi_heap_new();
  list = (list_t){0};
  CHECK(mi_subproc_visit_heaps(mi_subproc_main(), note, &list) && list.count == before + 20);
  for (int i = 0; i < 20; i++) CHECK(times(&list, heaps[i]) == 1);
  list = (list_t){.stop_at = 3};
  CHECK(!mi_subproc_visit_heaps(mi_subproc_main(), note, &list) && list.count == 3);
  for (int i = 0; i < 20; i++) {
    if (i % 2 == 0) mi_heap_delete(heaps[i]); else mi_heap_destroy(heaps[i]);
  }
  list = (list_t){0};
  CHECK(mi_subproc_visit_heaps(mi_subproc_main(), note, &list) && list.count == before);
  return 0;
}
