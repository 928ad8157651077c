/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "base/process.h"
#include "content/apt_sources.h"
#include "content/bootstrap.h"

enum {
        RECIPE_VERSION = 1, /* part of the key: raise it when the options below change what is made */
        TEXT_BYTES = 64 * 1024,
        RECORD_BYTES = 256 * 1024,
        READ_BYTES = 1024 * 1024,
        SUBUID_RANGE = 65536
};

/* Each is given the root folder as $1 by mmdebstrap (rule 3).  The name resolver's link to its own file is
 * the image's business, a copy of this machine's file is not. */
static const char tidy_hook[] =
        "rm -f \"$1\"/etc/hostname \"$1\"/etc/ssh/ssh_host_*; [ -L \"$1\"/etc/resolv.conf ] || rm -f "
        "\"$1\"/etc/resolv.conf; mv \"$1\"/etc/apt/sources.list.d/0000debian.sources "
        "\"$1\"/etc/apt/sources.list.d/debian.sources";

/* Everything one call works with. */
struct making {
        const struct bootstrap_request *request;
        const struct ingot_observer *observer;
        const char **packages; /* sorted, without repetition */
        size_t package_count;
        char tool[BOOTSTRAP_TOOL_CHARS + 1]; /* "mmdebstrap 1.3.5" */
        char phase[128];                     /* changes with what mmdebstrap says */
        struct buffer sources;               /* what apt is given */
        struct buffer wanted;                /* what the key is made of */
        struct buffer folder, sources_path, tar_path, record_path, lock_path;
        const char *environment[16];
        char epoch[48];
};

static void making_release(struct making *making)
{
        free(making->packages);
        buffer_release(&making->sources);
        buffer_release(&making->wanted);
        buffer_release(&making->folder);
        buffer_release(&making->sources_path);
        buffer_release(&making->tar_path);
        buffer_release(&making->record_path);
        buffer_release(&making->lock_path);
}

/* ---- what was asked for ---- */

static bool word_is_safe(const char *text, const char *more)
{
        if (!text || !*text || *text == '-' || *text == '.')
                return false;
        for (; *text; text++) {
                bool plain = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') ||
                             *text == '-' || *text == '.' || *text == '+';

                if (!plain && !strchr(more, *text))
                        return false;
        }
        return true;
}

static const char *architecture_of_debian(const char *architecture)
{
        if (strcmp(architecture, "x86_64") == 0)
                return "amd64";
        return strcmp(architecture, "arm64") == 0 ? "arm64" : NULL;
}

static const char *variant_or_default(const struct bootstrap_request *request)
{
        return request->variant ? request->variant : "important";
}

static enum ingot_code request_check(const struct bootstrap_request *request, struct ingot_error *err)
{
        static const char *const variants[] = { "extract",     "custom",   "essential", "apt",
                                                "required",    "minbase",  "buildd",    "important",
                                                "debootstrap", "standard", "-" };
        bool known = false;

        if (!request->distribution || strcmp(request->distribution, "debian") != 0)
                return ingot_fail(err, INGOT_E_USAGE, "distribution '%s' is not known; only debian is",
                                  request->distribution ? request->distribution : "");
        if (!word_is_safe(request->suite, ""))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is not the name of a suite",
                                  request->suite ? request->suite : "");
        for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
                known = known || strcmp(variant_or_default(request), variants[i]) == 0;
        if (!known)
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "variant '%s' is not one of: essential apt required minbase buildd important "
                        "standard",
                        request->variant);
        if (!architecture_of_debian(request->architecture))
                return ingot_fail(err, INGOT_E_USAGE, "architecture '%s' is not one of: x86_64 arm64",
                                  request->architecture);
        for (size_t i = 0; i < request->component_count; i++) {
                if (!word_is_safe(request->components[i], "/"))
                        return ingot_fail(err, INGOT_E_USAGE, "'%s' is not the name of a component",
                                          request->components[i]);
        }
        for (size_t i = 0; i < request->package_count; i++) {
                if (!word_is_safe(request->packages[i], ":=~/_"))
                        return ingot_fail(err, INGOT_E_USAGE, "'%s' is not the name of a package",
                                          request->packages[i]);
        }
        for (const char *at = request->mirror; at && *at; at++) {
                if ((unsigned char)*at <= ' ')
                        return ingot_fail(err, INGOT_E_USAGE, "mirror '%s' is not an address",
                                          request->mirror);
        }
        return INGOT_OK;
}

static int by_bytes(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum ingot_code packages_sort(struct making *making, struct ingot_error *err)
{
        const struct bootstrap_request *request = making->request;
        size_t kept = 0;

        making->packages = calloc(request->package_count + 1, sizeof(*making->packages));
        if (!making->packages)
                return ingot_fail_memory(err, (request->package_count + 1) * sizeof(*making->packages));
        for (size_t i = 0; i < request->package_count; i++)
                making->packages[i] = request->packages[i];
        qsort(making->packages, request->package_count, sizeof(*making->packages), by_bytes);
        for (size_t i = 0; i < request->package_count; i++) {
                if (!kept || strcmp(making->packages[kept - 1], making->packages[i]) != 0)
                        making->packages[kept++] = making->packages[i];
        }
        making->package_count = kept;
        return INGOT_OK;
}

/* ---- the machine ---- */

static const char *environment_find(const char *const *environment, const char *key)
{
        size_t chars = strlen(key);

        for (; environment && *environment; environment++) {
                if (strncmp(*environment, key, chars) == 0 && (*environment)[chars] == '=')
                        return *environment;
        }
        return NULL;
}

/* What the child may see, and nothing more: no locale, no editor, no debconf front end of ours. */
static void environment_make(struct making *making)
{
        static const char *const passed[] = { "PATH",        "HOME",     "TMPDIR",   "http_proxy",
                                              "https_proxy", "no_proxy", "all_proxy" };
        size_t count = 0;

        (void)snprintf(making->epoch, sizeof(making->epoch), "SOURCE_DATE_EPOCH=%" PRId64,
                       making->request->epoch_seconds);
        making->environment[count++] = making->epoch;
        making->environment[count++] = "TZ=UTC";
        making->environment[count++] = "LC_ALL=C.UTF-8";
        for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
                const char *found = environment_find(making->request->environment, passed[i]);

                if (found)
                        making->environment[count++] = found;
        }
        if (!environment_find(making->environment, "PATH"))
                making->environment[count++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        making->environment[count] = NULL;
}

static bool keep_version(void *context, const char *line)
{
        struct making *making = context;

        if (strncmp(line, "mmdebstrap ", 11) == 0)
                (void)snprintf(making->tool, sizeof(making->tool), "%.*s", (int)sizeof(making->tool) - 1,
                               line);
        return true;
}

static enum ingot_code tool_find(struct making *making, struct ingot_error *err)
{
        const char *const argv[] = { "mmdebstrap", "--version", NULL };
        const struct process_request asked = { .argv = argv,
                                               .envp = making->environment,
                                               .phase = "asking mmdebstrap for its version",
                                               .on_line = keep_version,
                                               .context = making };
        enum ingot_code r = process_run(&asked, making->observer, err);

        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, r,
                                  "there is no program 'mmdebstrap' on PATH; install the Debian package "
                                  "mmdebstrap");
        if (r)
                return r;
        if (!making->tool[0])
                return ingot_fail(err, INGOT_E_SYSTEM, "'mmdebstrap --version' does not tell its version");
        return INGOT_OK;
}

/* Whether a line "USER:START:COUNT" gives user (by name or number) enough ids. */
static bool range_is_enough(const char *line, const char *user, const char *uid)
{
        const char *colon = strchr(line, ':'), *at;
        size_t chars = colon ? (size_t)(colon - line) : 0;
        uint64_t count = 0;

        if (!colon || ((chars != strlen(user) || strncmp(line, user, chars) != 0) &&
                       (chars != strlen(uid) || strncmp(line, uid, chars) != 0)))
                return false;
        at = strchr(colon + 1, ':');
        for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9' && count < UINT32_MAX; at++)
                count = count * 10 + (uint64_t)(*at - '0');
        return count >= SUBUID_RANGE;
}

static enum ingot_code range_check(const char *path, const char *user, const char *uid,
                                   struct ingot_error *err)
{
        OWNED(heap_drop) char *text = NULL;
        size_t size_bytes;
        enum ingot_code r = fd_read_file(path, RECORD_BYTES, &text, &size_bytes, err);

        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        for (const char *at = text; at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
                if (range_is_enough(at, user, uid))
                        return INGOT_OK;
        }
        return ingot_fail(
                err, INGOT_E_SYSTEM,
                "user '%s' has no range of %d ids in '%s', which bootstrapping without root needs; as root: "
                "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
                user, SUBUID_RANGE, path, user);
}

/* Says beforehand, and in words, what mmdebstrap would trip over half way (rule 5). */
static enum ingot_code user_check(struct making *making, struct ingot_error *err)
{
        const char *const argv[] = { "newuidmap", NULL };
        const struct process_request asked = { .argv = argv,
                                               .envp = making->environment,
                                               .phase = "looking for newuidmap" };
        struct passwd entry, *found = NULL;
        char uid[24], strings[4096];
        const char *user;
        enum ingot_code r;

        if (geteuid() == 0)
                return INGOT_OK;
        r = process_run(&asked, making->observer, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, r,
                                  "there is no program 'newuidmap' on PATH, which bootstrapping without root "
                                  "needs; install the Debian package uidmap");
        if (r && r != INGOT_E_SYSTEM) /* without arguments it only tells its usage, as a failure */
                return r;
        (void)snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
        user = getpwuid_r(geteuid(), &entry, strings, sizeof(strings), &found) == 0 && found ? found->pw_name
                                                                                             : uid;
        r = range_check("/etc/subuid", user, uid, err);
        return r ? r : range_check("/etc/subgid", user, uid, err);
}

/* ---- sources and key ---- */

static enum ingot_code sources_make(struct making *making, struct ingot_error *err)
{
        const struct bootstrap_request *request = making->request;
        OWNED(buffer_release) struct buffer components = BUFFER_INIT(TEXT_BYTES);
        enum ingot_code r;

        for (size_t i = 0; i < request->component_count; i++)
                buffer_appendf(&components, "%s%s", i ? " " : "", request->components[i]);
        if (!request->component_count)
                buffer_append_text(&components, "main");
        r = buffer_check(&components, err);
        if (r)
                return r;
        if (!request->mirror)
                return apt_sources_of_machine("", request->suite, components.bytes, &making->sources, err);
        buffer_appendf(&making->sources, "Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n",
                       request->mirror, request->suite, components.bytes,
                       "/usr/share/keyrings/debian-archive-keyring.gpg");
        return buffer_check(&making->sources, err);
}

/* Names the folder of this wish; its name is the digest over every line of making->wanted (rule 1). */
static enum ingot_code key_make(struct making *making, struct ingot_error *err)
{
        const struct bootstrap_request *request = making->request;
        struct digest digest;
        char hex[DIGEST_HEX_CHARS + 1];
        enum ingot_code r;

        buffer_appendf(&making->wanted, "recipe %d\ntool %s\ndistribution %s\nsuite %s\nvariant %s\n",
                       RECIPE_VERSION, making->tool, request->distribution, request->suite,
                       variant_or_default(request));
        buffer_appendf(&making->wanted, "architecture %s\nepoch %" PRId64 "\n", request->architecture,
                       request->epoch_seconds);
        for (size_t i = 0; i < making->package_count; i++)
                buffer_appendf(&making->wanted, "package %s\n", making->packages[i]);
        buffer_append_text(&making->wanted, making->sources.bytes);
        r = buffer_check(&making->wanted, err);
        if (r)
                return r;
        r = digest_of(making->wanted.bytes, making->wanted.size_bytes, &digest, err);
        if (r)
                return r;
        hex_encode(digest.bytes, 16, hex); /* 128 bits are plenty for a folder's name */
        buffer_appendf(&making->folder, "%s/bootstrap/%s", request->cache_folder, hex);
        buffer_appendf(&making->sources_path, "%s/debian.sources", making->folder.bytes);
        buffer_appendf(&making->tar_path, "%s/root.tar", making->folder.bytes);
        buffer_appendf(&making->record_path, "%s/record.json", making->folder.bytes);
        buffer_appendf(&making->lock_path, "%s/lock", making->folder.bytes);
        return buffer_check(&making->lock_path, err);
}

/* ---- the cache ---- */

static enum ingot_code lock_take(const struct making *making, int *ret_fd, struct ingot_error *err)
{
        const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };
        OWNED(fd_drop) int fd = open(making->lock_path.bytes, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        enum ingot_code r;

        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", making->lock_path.bytes);
        while (flock(fd, LOCK_EX | LOCK_NB)) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return ingot_fail_errno(err, "locking '%s'", making->lock_path.bytes);
                r = ingot_observe(making->observer,
                                  "waiting for another ingot that makes the same root file system", 0, 0,
                                  err);
                if (r)
                        return r;
                (void)nanosleep(&tick, NULL);
        }
        *ret_fd = fd;
        fd = FD_NONE;
        return INGOT_OK;
}

/* Whether the cache holds a whole tar; anything that does not fit together counts as absent. */
static bool cache_has(const struct making *making, struct digest *ret_digest)
{
        OWNED(heap_drop) char *text = NULL;
        OWNED(json_value_drop) struct json_value *record = NULL;
        const char *hex;
        uint64_t tar_bytes;
        struct stat status;
        size_t size_bytes;

        return fd_read_file(making->record_path.bytes, RECORD_BYTES, &text, &size_bytes, NULL) == INGOT_OK &&
               json_value_parse(text, size_bytes, making->record_path.bytes, &record, NULL) == INGOT_OK &&
               json_need_text(record, "record", "sha256", &hex, NULL) == INGOT_OK &&
               json_need_u64(record, "record", "size_bytes", &tar_bytes, NULL) == INGOT_OK &&
               stat(making->tar_path.bytes, &status) == 0 && (uint64_t)status.st_size == tar_bytes &&
               hex_decode(hex, ret_digest->bytes, DIGEST_BYTES);
}

static enum ingot_code record_write(const struct making *making, const struct digest *digest,
                                    uint64_t tar_bytes, struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(RECORD_BYTES);
        char hex[DIGEST_HEX_CHARS + 1];
        enum ingot_code r;

        json_doc_init(&doc);
        hex_encode(digest->bytes, DIGEST_BYTES, hex);
        json_doc_put_text(&doc, doc.root, "sha256", hex);
        json_doc_put_u64(&doc, doc.root, "size_bytes", tar_bytes);
        json_doc_put_text(&doc, doc.root, "tool", making->tool);
        json_doc_put_text(&doc, doc.root, "wanted", making->wanted.bytes);
        r = json_doc_print(&doc, false, &text, err);
        if (r)
                return r;
        return fd_replace_file(making->record_path.bytes, text.bytes, text.size_bytes, 0666, err);
}

/* ---- making it ---- */

/* mmdebstrap tells what it is at with "I: ..." lines; the rest is kept for the message of a failure. */
static bool hear_line(void *context, const char *line)
{
        static const char *const chatter[] = { "I: ",         "Get:",       "Hit:",       "Ign:",
                                               "Reading ",    "Selecting ", "Preparing ", "Unpacking ",
                                               "Setting up ", "Processing " };
        static const struct {
                const char *says, *shown;
        } steps[] = {
                { "running apt-get update", "reading package lists" },
                { "downloading packages", "downloading packages" },
                { "extracting archives", "unpacking essential packages" },
                { "installing essential", "installing essential packages" },
                { "installing remaining", "installing packages" },
                { "cleaning package lists", "cleaning up" },
                { "creating tarball", "writing the tar" },
        };
        struct making *making = context;

        for (size_t i = 0; strncmp(line, "I: ", 3) == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
                if (strncmp(line + 3, steps[i].says, strlen(steps[i].says)) == 0)
                        (void)snprintf(making->phase, sizeof(making->phase), "bootstrapping '%.40s': %s",
                                       making->request->suite, steps[i].shown);
        }
        for (size_t i = 0; i < sizeof(chatter) / sizeof(chatter[0]); i++) {
                if (strncmp(line, chatter[i], strlen(chatter[i])) == 0)
                        return false;
        }
        return true;
}

static enum ingot_code tool_run(struct making *making, int output_fd, struct ingot_error *err)
{
        const struct bootstrap_request *request = making->request;
        OWNED(buffer_release) struct buffer variant = BUFFER_INIT(TEXT_BYTES);
        OWNED(buffer_release) struct buffer architecture = BUFFER_INIT(TEXT_BYTES);
        OWNED(buffer_release) struct buffer include = BUFFER_INIT(TEXT_BYTES);
        OWNED(buffer_release) struct buffer hook = BUFFER_INIT(TEXT_BYTES);
        const char *argv[12];
        size_t count = 0;
        enum ingot_code r;

        buffer_appendf(&variant, "--variant=%s", variant_or_default(request));
        buffer_appendf(&architecture, "--architectures=%s", architecture_of_debian(request->architecture));
        buffer_append_text(&include, "--include=");
        for (size_t i = 0; i < making->package_count; i++)
                buffer_appendf(&include, "%s%s", i ? "," : "", making->packages[i]);
        buffer_appendf(&hook, "--customize-hook=%s", tidy_hook);
        if ((r = buffer_check(&variant, err)) || (r = buffer_check(&architecture, err)) ||
            (r = buffer_check(&include, err)) || (r = buffer_check(&hook, err)))
                return r;
        argv[count++] = "mmdebstrap";
        argv[count++] = geteuid() == 0 ? "--mode=root" : "--mode=unshare";
        argv[count++] = "--format=tar";
        argv[count++] = variant.bytes;
        argv[count++] = architecture.bytes;
        if (making->package_count)
                argv[count++] = include.bytes;
        argv[count++] = hook.bytes;
        argv[count++] = request->suite;
        argv[count++] = "-"; /* to standard output */
        argv[count++] = making->sources_path.bytes;
        argv[count] = NULL;
        {
                const struct process_request asked = { .argv = argv,
                                                       .envp = making->environment,
                                                       .phase = making->phase,
                                                       .on_line = hear_line,
                                                       .context = making,
                                                       .output_fd = output_fd };

                return process_run(&asked, making->observer, err);
        }
}

static enum ingot_code tar_digest(const struct making *making, int fd, struct digest *ret_digest,
                                  uint64_t *ret_bytes, struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        OWNED(heap_drop) char *bytes = malloc(READ_BYTES);
        const char *path = making->tar_path.bytes;
        uint64_t total_bytes;
        enum ingot_code r;

        if (!bytes)
                return ingot_fail_memory(err, READ_BYTES);
        r = digest_stream_new(&stream, err);
        if (r)
                return r;
        r = fd_size(fd, path, &total_bytes, err);
        if (r)
                return r;
        for (uint64_t at = 0; at < total_bytes;) {
                size_t n = total_bytes - at < READ_BYTES ? (size_t)(total_bytes - at) : READ_BYTES;

                r = fd_read_at(fd, path, at, bytes, n, err);
                if (r)
                        return r;
                digest_stream_update(stream, bytes, n);
                at += n;
                r = ingot_observe(making->observer, "taking the digest of the root file system", at,
                                  total_bytes, err);
                if (r)
                        return r;
        }
        *ret_bytes = total_bytes;
        return digest_stream_finish(stream, ret_digest, err);
}

static enum ingot_code cache_fill(struct making *making, struct digest *ret_digest, struct ingot_error *err)
{
        OWNED(draft_drop) struct draft draft = DRAFT_NONE;
        struct digest digest;
        uint64_t tar_bytes = 0;
        enum ingot_code r;

        r = user_check(making, err);
        if (r)
                return r;
        r = fd_replace_file(making->sources_path.bytes, making->sources.bytes, making->sources.size_bytes,
                            0644, err);
        if (r)
                return r;
        r = draft_open(&draft, making->tar_path.bytes, 0666, err);
        if (r)
                return r;
        r = tool_run(making, draft.fd, err);
        if (r)
                return r;
        r = tar_digest(making, draft.fd, &digest, &tar_bytes, err);
        if (r)
                return r;
        if (unlink(making->record_path.bytes) && errno != ENOENT) /* rule 2 */
                return ingot_fail_errno(err, "removing '%s'", making->record_path.bytes);
        r = draft_publish(&draft, err);
        if (r)
                return r;
        r = record_write(making, &digest, tar_bytes, err);
        if (r)
                return r;
        *ret_digest = digest;
        return INGOT_OK;
}

enum ingot_code bootstrap(const struct bootstrap_request *request, const struct ingot_observer *observer,
                          struct bootstrap_result *ret_result, struct ingot_error *err)
{
        OWNED(making_release)
        struct making making = { .request = request,
                                 .observer = observer,
                                 .sources = BUFFER_INIT(TEXT_BYTES),
                                 .wanted = BUFFER_INIT(RECORD_BYTES),
                                 .folder = BUFFER_INIT(TEXT_BYTES),
                                 .sources_path = BUFFER_INIT(TEXT_BYTES),
                                 .tar_path = BUFFER_INIT(TEXT_BYTES),
                                 .record_path = BUFFER_INIT(TEXT_BYTES),
                                 .lock_path = BUFFER_INIT(TEXT_BYTES) };
        OWNED(fd_drop) int lock_fd = FD_NONE;
        struct digest digest;
        enum ingot_code r;
        char *path;

        r = request_check(request, err);
        if (r)
                return r;
        (void)snprintf(making.phase, sizeof(making.phase), "bootstrapping '%.40s'", request->suite);
        environment_make(&making);
        if ((r = packages_sort(&making, err)) || (r = tool_find(&making, err)) ||
            (r = sources_make(&making, err)) || (r = key_make(&making, err)) ||
            (r = fd_make_folders(making.folder.bytes, err)) || (r = lock_take(&making, &lock_fd, err)))
                return ingot_while(err, r, "bootstrapping '%s'", request->suite);
        if (request->refresh || !cache_has(&making, &digest)) {
                r = cache_fill(&making, &digest, err);
                if (r)
                        return ingot_while(err, r, "bootstrapping '%s'", request->suite);
        }
        path = buffer_take(&making.tar_path);
        if (!path)
                return ingot_fail_memory(err, TEXT_BYTES);
        ret_result->tar_path = path;
        ret_result->digest = digest;
        (void)snprintf(ret_result->tool, sizeof(ret_result->tool), "%s", making.tool);
        return INGOT_OK;
}
