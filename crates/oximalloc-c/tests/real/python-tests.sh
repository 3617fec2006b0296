# Some of Python's own regression tests. Where the package `test` is missing, so is what this compares.
# needs: python3
set -eu

if ! python3 -c 'import test.support' 2>/dev/null; then
    echo "python3 has no package test"
    exit 0
fi
modules="test_json test_dict test_list test_bytes test_array test_weakref"
if [ "$SCALE" -ge 100 ]; then
    modules="$modules test_re test_set test_gc test_thread test_queue test_threading"
fi
# Whoever runs this ends it when it hangs: Python's own limit goes by the clock.
for module in $modules; do
    # The test that is left out fails wherever the installation imports threading at its start.
    if python3 -m test --timeout 3000 -i test_import_from_another_thread "$module" >log 2>&1; then
        echo "$module passes"
    else
        # What fails here without the library has to fail in as many places with it.
        echo "$module fails: $(sed -n 's/^Total tests: //p' log)"
        cat log >&2
    fi
done
