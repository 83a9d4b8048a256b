#include "CLinuxSocket.h"

#include <errno.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

int readerd_peer_credentials(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred peer;
    socklen_t length = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        return errno;
    }
    if (length < sizeof(peer)) {
        return EINVAL;
    }
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}

int readerd_peer_groups(int fd, uint32_t *groups, uint32_t capacity, uint32_t *count) {
    socklen_t length = (socklen_t)(capacity * sizeof(uint32_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) {
        int reason = errno;
        *count = (uint32_t)(length / sizeof(uint32_t));
        return reason;
    }
    *count = (uint32_t)(length / sizeof(uint32_t));
    return 0;
}

int readerd_forbid_core_files(void) {
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return errno;
    }
    return 0;
}

int readerd_share_one_heap(void) {
    return mallopt(M_ARENA_MAX, 1) == 1 ? 0 : EINVAL;
}
