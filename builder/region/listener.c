/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "region/listener.h"
#include "region/store.h"

enum { BACKLOG = 128, ADDRESS_CHARS = 128 };

/* Takes "ADDRESS:PORT", "[ADDRESS]:PORT", ":PORT" or "PORT" apart. */
static bool split_address(const char *text, char host[ADDRESS_CHARS], const char **ret_port)
{
        const char *colon = strrchr(text, ':');
        const char *begin = text, *end = colon ? colon : text;

        *ret_port = colon ? colon + 1 : text;
        if (begin < end && *begin == '[') {
                if (end[-1] != ']')
                        return false;
                begin++;
                end--;
        } else if (begin + strcspn(begin, ":") < end) {
                return false; /* an IPv6 address without brackets */
        }
        if (begin == end)
                (void)snprintf(host, ADDRESS_CHARS, "127.0.0.1");
        else if (end - begin < ADDRESS_CHARS)
                (void)snprintf(host, ADDRESS_CHARS, "%.*s", (int)(end - begin), begin);
        else
                return false;
        return **ret_port != '\0' && strspn(*ret_port, "0123456789") == strlen(*ret_port) &&
               strlen(*ret_port) <= 5;
}

static uint16_t bound_port(int fd)
{
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } bound = { .any = { .sa_family = AF_UNSPEC } };
        socklen_t size_bytes = sizeof(bound);

        if (getsockname(fd, &bound.any, &size_bytes) != 0)
                return 0;
        return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
}

enum ingot_code listener_open_tcp(const char *address, int *ret_fd, uint16_t *ret_port,
                                  struct ingot_error *err)
{
        const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                        .ai_socktype = SOCK_STREAM };
        OWNED(fd_drop) int fd = FD_NONE;
        struct addrinfo *found;
        char host[ADDRESS_CHARS];
        const char *port;
        const int on = 1;
        int bound;

        if (!split_address(address, host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' is not an address to listen on: write 127.0.0.1:PORT or [::1]:PORT",
                                  address);
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        bound = fd < 0 ? -1 : setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bound == 0)
                bound = bind(fd, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
        if (bound != 0 || listen(fd, BACKLOG) != 0)
                return ingot_fail_errno(err, "listening on '%s'", address);
        *ret_port = bound_port(fd);
        *ret_fd = fd;
        fd = FD_NONE;
        return INGOT_OK;
}

/* ---- unix ---- */

/* "/proc/self/fd/N/NAME": the name in an open folder, however long the folder's path is. */
static void fill_address(struct sockaddr_un *address, int folder_fd, const char *name)
{
        address->sun_family = AF_UNIX;
        if (name)
                (void)snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", folder_fd,
                               name);
        else
                (void)snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d", folder_fd);
}

/* Removes the socket of a process that died; *ret_served when one answers there. */
static void remove_stale(int folder_fd, const char *name, bool *ret_served)
{
        OWNED(fd_drop) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { 0 };
        struct stat status;

        *ret_served = false;
        if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISSOCK(status.st_mode))
                return;
        fill_address(&address, folder_fd, name);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
            errno == ECONNREFUSED)
                (void)unlinkat(folder_fd, name, 0); /* bind tells when it is still there */
        else
                *ret_served = true;
}

static enum ingot_code bind_in(int folder_fd, const char *name, const char *shown, int *ret_fd,
                               struct ingot_error *err)
{
        OWNED(fd_drop) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = { 0 };
        bool is_served;

        remove_stale(folder_fd, name, &is_served);
        if (is_served)
                return ingot_fail(err, INGOT_E_CONFLICT, "another process listens on '%s'", shown);
        fill_address(&address, folder_fd, name);
        /* The mode of the descriptor is that of the name bind makes. */
        if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
            listen(fd, BACKLOG) != 0)
                return ingot_fail_errno(err, "listening on '%s'", shown);
        *ret_fd = fd;
        fd = FD_NONE;
        return INGOT_OK;
}

static enum ingot_code print_dial(int fd, const char *name, char **ret_dial, struct ingot_error *err)
{
        struct sockaddr_un address = { 0 };

        fill_address(&address, fd, name);
        *ret_dial = strdup(address.sun_path);
        return *ret_dial ? INGOT_OK : ingot_fail_memory(err, sizeof(address.sun_path));
}

/* A socket is reached through an open descriptor of its inode; its name is not needed for that. */
static enum ingot_code open_unnamed(struct unix_listener *listener, const char *folder,
                                    struct ingot_error *err)
{
        OWNED(fd_drop) int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char name[RESOURCE_ID_CHARS + 1];
        enum ingot_code r;

        if (folder_fd < 0)
                return ingot_fail_errno(err, "opening folder '%s'", folder);
        r = random_resource_id("sock-", name, err);
        if (!r)
                r = bind_in(folder_fd, name, folder, &listener->fd, err);
        if (r)
                return r;
        listener->anchor_fd = openat(folder_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (listener->anchor_fd < 0)
                r = ingot_fail_errno(err, "opening the socket in '%s'", folder);
        (void)unlinkat(folder_fd, name, 0); /* left behind, it would be in nobody's way */
        return r ? r : print_dial(listener->anchor_fd, NULL, &listener->dial, err);
}

enum ingot_code listener_open_unix(struct unix_listener *listener, const char *path, const char *folder,
                                   struct ingot_error *err)
{
        OWNED(heap_drop) char *parent = NULL;
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        enum ingot_code r;

        if (!*path) {
                r = open_unnamed(listener, folder, err);
                if (r)
                        unix_listener_release(listener);
                return r;
        }
        parent = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
        if (!parent)
                return ingot_fail_memory(err, strlen(path));
        if (!*name || strlen(name) > 64)
                return ingot_fail(err, INGOT_E_USAGE, "the socket's name in '%s' must have 1 to 64 bytes",
                                  path);
        listener->anchor_fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (listener->anchor_fd < 0)
                return ingot_fail_errno(err, "opening folder '%s'", parent);
        r = bind_in(listener->anchor_fd, name, path, &listener->fd, err);
        if (!r) {
                listener->path = strdup(path);
                r = listener->path ? INGOT_OK : ingot_fail_memory(err, strlen(path));
        }
        if (!r && strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path)) {
                listener->dial = strdup(path);
                r = listener->dial ? INGOT_OK : ingot_fail_memory(err, strlen(path));
        } else if (!r) {
                r = print_dial(listener->anchor_fd, name, &listener->dial, err);
        }
        if (r)
                unix_listener_release(listener);
        return r;
}

void unix_listener_release(struct unix_listener *listener)
{
        if (listener->path)
                (void)unlink(listener->path); /* gone already, or stale: the next one replaces it */
        fd_drop(&listener->fd);
        fd_drop(&listener->anchor_fd);
        free(listener->path);
        free(listener->dial);
        *listener = (struct unix_listener)UNIX_LISTENER_NONE;
}
