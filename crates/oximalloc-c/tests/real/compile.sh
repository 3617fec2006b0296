# gcc and g++ compile generated files: many small objects, growing tables, megabytes that are freed at once.
# needs: gcc g++ awk cksum
set -eu

functions=$((150 * SCALE / 100 + 1))
awk -v n=$functions 'BEGIN {
    print "#include <stdio.h>\n#include <string.h>\n#include <stdlib.h>"
    for (i = 0; i < n; i++) {
        printf "static int f%d(const char *s, int n) { int t[%d], r = n; for (int i = 0; i < %d; i++) t[i] = i * n;\n", i, i % 50 + 1, i % 50 + 1
        printf "  switch (n %% 5) { case 0: r += (int)strlen(s); break; case 1: r ^= %d; break; case 2: r *= t[%d]; break; default: r -= s[0]; }\n", i, i % 50
        printf "  while (r > %d) r = r / 2 - 1; return r; }\n", i * 3 + 10
    }
    print "int main(void) { int sum = 0;"
    for (i = 0; i < n; i++) printf "  sum += f%d(\"text %d\", sum + %d);\n", i, i, i
    print "  printf(\"%d\\n\", sum); return 0; }"
}' > many.c
gcc -O2 -w -c many.c -o many.o
cksum many.o
gcc many.o -o many
./many

types=$((12 * SCALE / 100 + 1))
awk -v n=$types 'BEGIN {
    print "#include <algorithm>\n#include <iostream>\n#include <map>\n#include <memory>\n#include <regex>\n#include <string>\n#include <vector>"
    for (i = 0; i < n; i++) {
        printf "struct T%d { int key; std::string text; bool operator<(const T%d &o) const { return key < o.key; } };\n", i, i
        printf "static long g%d() { std::map<T%d, std::vector<T%d>> m; for (int k = 0; k < 50; k++) m[T%d{k %% 7, \"x\"}].push_back(T%d{k, std::to_string(k)});\n", i, i, i, i, i
        printf "  long s = 0; for (auto &e : m) { std::sort(e.second.begin(), e.second.end()); s += e.second.size() * e.first.key; } return s; }\n"
    }
    print "int main() { long sum = 0;"
    for (i = 0; i < n; i++) printf "  sum += g%d();\n", i
    print "  std::regex digits(\"[0-9]+\"); sum += std::regex_search(std::string(\"abc 123\"), digits);"
    print "  std::cout << sum << std::endl; }"
}' > types.cpp
g++ -O2 -w -c types.cpp -o types.o
cksum types.o
g++ types.o -o types
./types
