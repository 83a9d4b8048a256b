#include "CLinuxSocket.h"

#include <malloc.h>

size_t readerd_unused_memory(void) {
    return mallinfo2().fordblks;
}

void readerd_give_memory_back(void) {
    malloc_trim(0);
}
