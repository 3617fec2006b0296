// Frees a block twice. If nobody minds, it ends at once, before the block is handed out twice.
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  void* volatile p = malloc(40);
  free(p);
  free(p);
  _exit(0);
}
