// Who is at the other end of a Unix socket, as the kernel says. glibc hides `struct ucred` without _GNU_SOURCE,
// and SO_PEERGROUPS has no wrapper.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Fills in the peer's pid, uid and gid (SO_PEERCRED). Returns 0, or an errno value.
int readerd_peer_credentials(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid);

/// Fills in at most `capacity` supplementary groups of the peer (SO_PEERGROUPS) and sets `count`.
/// Returns 0, ERANGE when there are more than `capacity` (then `count` says how many), or another errno value.
int readerd_peer_groups(int fd, uint32_t *groups, uint32_t capacity, uint32_t *count);

/// Makes a Unix stream socket, close-on-exec, bound to `path` and not listening yet. Returns 0 and sets `fd`, or an errno value
/// (ENAMETOOLONG when the path does not fit).
int readerd_unix_bind(const char *path, int *fd);

/// Asks whether somebody answers at `path`. Returns 0 when a connection was made (it is closed again) or the listener's queue is full,
/// ECONNREFUSED when the socket is dead, ENOENT when there is none, or another errno value.
int readerd_unix_probe(const char *path);

/// Whether `fd` is a listening Unix stream socket. Returns 0, or an errno value (EINVAL when it is something else).
int readerd_unix_is_listener(int fd);

/// Forbids core files and looking into this process by others of its user: memory holds secrets. Returns 0, or an errno value.
int readerd_forbid_core_files(void);

/// Has all threads share one heap of the C library from now on. Each further heap costs memory for good, and nothing here allocates so often that
/// threads would wait for each other. Returns 0, or EINVAL when the C library does not take it.
int readerd_share_one_heap(void);

/// How many bytes the C library keeps that nobody uses. Some of them may have been given back to the system since.
size_t readerd_unused_memory(void);

/// Gives whole pages that nobody uses back to the system. What wants memory waits meanwhile, some milliseconds at most.
void readerd_give_memory_back(void);

/// Makes a Unix datagram socket, close-on-exec, whose sends wait no longer than `patience_ms`. Returns 0 and sets `fd`, or an errno value.
int readerd_datagram_open(uint32_t patience_ms, int *fd);

/// Sends one datagram to a path, or to an abstract name that is written with `@` before it. `waits`: until the socket's patience is over,
/// when the receiver's queue is full; else not at all. Returns 0, or an errno value (EAGAIN: the queue is full; EMSGSIZE: it is too long).
int readerd_datagram_send(int fd, const char *to, const void *bytes, size_t count, int waits);

/// Fills in the path that a Unix socket is bound to. Returns 0, ENOENT when it has none (abstract, or not bound), or another errno value.
int readerd_unix_path(int fd, char *path, size_t capacity);
