/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_LISTENER_H
#define REGION_LISTENER_H

/* builder/region/listener.h
 * listener: listening sockets, TCP and unix.
 *
 * Rules    (1) A unix socket has mode 0600 from its first moment, and a path of any length: it is bound and
 *              reached by way of /proc/self/fd where sockaddr_un is too short for it.
 *          (2) A socket left behind by a process that died is replaced; one that somebody serves is not.
 * Tests    tests/unit/region/test_listener.c
 */
#include <stdint.h>

#include <ingot/error.h>

/*
 * Listens on "ADDRESS:PORT": a numeric IPv4 address, or an IPv6 one in brackets; no address means 127.0.0.1,
 * port 0 any.
 *
 * ret_fd       owned by the caller, not blocking
 * Fails with   INGOT_E_USAGE   not of that form
 *              INGOT_E_SYSTEM  in use, or not an address of this machine
 */
enum ingot_code listener_open_tcp(const char *address, int *ret_fd, uint16_t *ret_port,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

struct unix_listener {
        int fd;        /* not blocking; whoever serves it takes it */
        int anchor_fd; /* of the socket's folder, or of a socket without a name */
        char *path;    /* to unlink at the end; NULL: there is nothing to unlink */
        char *dial;    /* what to connect() to, in this process */
};

#define UNIX_LISTENER_NONE                                                                                   \
        {                                                                                                    \
                .fd = -1, .anchor_fd = -1                                                                    \
        }

/*
 * Listens on a unix socket.
 *
 * path         "" for a socket in folder whose name is gone before this returns
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY; INGOT_E_CONFLICT  another process serves path
 */
enum ingot_code listener_open_unix(struct unix_listener *listener, const char *path, const char *folder,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void unix_listener_release(struct unix_listener *listener);

#endif
