/* nothing: ends, whatever it is given. For the fuzzer to execute. */
int main(void) { return 0; }
