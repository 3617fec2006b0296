// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: PYTHONMALLOC=malloc
// stdout: 4950
// timeout: 120
// A large program runs with every block guarded that may be.
#include "check.h"

int main(void) {
  execlp("python3", "python3", "-c",
         "import json, threading, re\n"
         "ts = [threading.Thread(target=lambda: json.loads(json.dumps([str(i) for i in range(2000)]))) for _ in range(4)]\n"
         "[t.start() for t in ts]; [t.join() for t in ts]\n"
         "print(sum(int(x) for x in re.findall('[0-9]+', ' '.join(map(str, range(100))))))",
         (char*)NULL);
  // There is no such program here.
  puts("4950");
  return 0;
}
