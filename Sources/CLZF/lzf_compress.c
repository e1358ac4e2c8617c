// The package's sources rather than its shared library, so that the server does not depend on one;
// README.Debian recommends that, too.

// A table of 64 KiB instead of 256: a list node has only 8 KiB.
#define HLOG 14
#define STRICT_ALIGN 1
#include "/usr/src/liblzf/lzf_c.c"
