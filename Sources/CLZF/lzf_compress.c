// The package's sources rather than its shared library, which is all that it has compiled, so that
// the server needs no library beside it; its README.Debian prefers that too.

// A table of 64 KiB rather than 256: a node of a list is 8 KiB.
#define HLOG 14
#define STRICT_ALIGN 1
#include "/usr/src/liblzf/lzf_c.c"
