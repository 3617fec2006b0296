// build: static
// As thread_end_calls, with the library in the program.
#include "thread_end_calls.cpp"
