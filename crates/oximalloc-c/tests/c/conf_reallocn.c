// build: link
// tests: mi_reallocn
// Growing by a number of things; a product that is too large leaves the block as it was.
#include "conf.h"

int main(void) {
  int* numbers = mi_reallocn(NULL, 10, sizeof *numbers);
  CHECK(numbers != NULL);
  size_t count = 10;
  for (size_t i = 0; i < count; i++) numbers[i] = (int)i;
  for (; count < 1000000; count *= 3) {
    numbers = mi_reallocn(numbers, count * 3, sizeof *numbers);
    CHECK(numbers != NULL && mi_usable_size(numbers) >= count * 3 * sizeof *numbers);
    for (size_t i = 0; i < count; i++) CHECK(numbers[i] == (int)i);
    for (size_t i = count; i < count * 3; i++) numbers[i] = (int)i;
  }
  CHECK(mi_reallocn(numbers, OVERFLOWING, 16) == NULL && mi_reallocn(numbers, 16, OVERFLOWING) == NULL);
  CHECK(mi_reallocn(NULL, OVERFLOWING, 16) == NULL && mi_reallocn(numbers, 1, TOO_MUCH) == NULL);
  for (size_t i = 0; i < count; i++) CHECK(numbers[i] == (int)i);
  numbers = mi_reallocn(numbers, 5, sizeof *numbers);
  for (int i = 0; i < 5; i++) CHECK(numbers[i] == i);
  mi_free(numbers);
  return 0;
}
