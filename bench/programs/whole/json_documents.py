"""Builds JSON documents, writes and reads them, and checks that nothing was lost.

json_documents.py DOCUMENTS: prints a digest of all that was written.
"""

import hashlib
import json
import sys


def document(number):
    """A record with nested lists and dictionaries of short and long strings, numbers and None."""
    state = number * 2654435761 % 2**32
    people = []
    for person in range(40):
        state = (state * 1103515245 + 12345) % 2**31
        people.append(
            {
                "id": number * 1000 + person,
                "name": f"person {state % 1000} of document {number}",
                "tags": [f"tag-{(state >> shift) % 50}" for shift in range(0, 24, 3)],
                "place": {"x": state / 7, "y": -(state % 977), "note": "é€ " * (state % 5)},
                "parent": None if state % 3 else person,
                "active": state % 2 == 0,
            }
        )
    return {"number": number, "people": people, "text": "a longer text, " * (20 + state % 100)}


def main():
    digest = hashlib.sha256()
    held = []
    for number in range(int(sys.argv[1])):
        made = document(number)
        compact = json.dumps(made)
        read = json.loads(compact)
        # The indented form is written by Python code, piece by piece, rather than by C code.
        indented = json.dumps(read, indent=1, sort_keys=True)
        if read != made or json.loads(indented) != made:
            sys.exit(f"document {number} is not what was written")
        digest.update(compact.encode())
        digest.update(indented.encode())
        held.append(read)
        if len(held) > 50:
            held.pop(number % 50)
    print(digest.hexdigest()[:16])


main()
