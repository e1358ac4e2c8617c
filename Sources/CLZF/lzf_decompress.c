// See lzf_compress.c.
#define STRICT_ALIGN 1
#include "/usr/src/liblzf/lzf_d.c"
