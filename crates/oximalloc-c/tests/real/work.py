"""What a Python program does all day: JSON, regular expressions, sorting, bytes, threads, processes."""

import hashlib
import json
import multiprocessing
import random
import re
import sys
import threading
import zlib

scale = int(sys.argv[1])
random.seed(7)


def times(count):
    return max(1, count * scale // 100)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def records(count):
    return [
        {"id": i, "name": f"name {i}" * (i % 5), "tags": [str(j) for j in range(i % 7)], "weight": random.random()}
        for i in range(count)
    ]


def square_sum(bound):
    return sum(i * i for i in range(bound))


def main():
    data = records(times(40000))
    text = json.dumps(data)
    print("json", len(text), digest(text), json.loads(text) == data)

    words = re.findall(r"name (\d+)", text)
    print("re", len(words), digest(re.sub(r"(\d)(\d)", r"\2\1", text)))

    table = {}
    for word in words:
        table.setdefault(word[-2:], []).append(word)
    print("dict", len(table), digest(repr(sorted(table.items()))))

    buffer = bytearray()
    for i in range(times(20000)):
        buffer += bytes([i % 251]) * (i % 97)
    print("bytes", len(buffer), zlib.crc32(zlib.decompress(zlib.compress(bytes(buffer)))))

    results = [None] * 8

    def work(slot):
        lists = [list(range(n % 100)) for n in range(times(20000))]
        results[slot] = sum(map(len, lists))

    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("threads", results)

    with multiprocessing.get_context("fork").Pool(3) as pool:
        print("processes", sum(pool.map(square_sum, range(0, 3000, 10))))


main()
