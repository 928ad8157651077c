/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/process.h"
#include "image/qemu_export.h"

enum {
        START_TRIES = 6000, /* of 5 ms each at least: qemu-nbd listens within a few */
        PATH_BYTES = 4096,
        CHECK_LEAKS_STATUS = 3,       /* qemu-img check: clusters nobody uses; the disk is whole */
        CHECK_UNSUPPORTED_STATUS = 63 /* the format has nothing to check */
};

/* Offsets of the fields of a qcow2's header, docs/interop/qcow2.txt of QEMU. */
enum {
        AT_VERSION = 4,
        AT_BACKING_OFFSET = 8,
        AT_CRYPT_METHOD = 32,
        AT_INCOMPATIBLE = 72,
        QCOW2_HEADER_BYTES = 72, /* of version 2 */
        QCOW2_HEADER3_BYTES = 104,
        INCOMPATIBLE_DIRTY = 1 << 0,
        INCOMPATIBLE_CORRUPT = 1 << 1,
        INCOMPATIBLE_DATA_FILE = 1 << 2
};

/* Offsets of the fields of a VDI's header, block/vdi.c of QEMU. */
enum {
        VDI_AT_DATA = 0x158,
        VDI_AT_BLOCK_BYTES = 0x178,
        VDI_AT_BLOCKS_USED = 0x184,
        VDI_HEADER_BYTES = 0x200,
        HEAD_BYTES = VDI_HEADER_BYTES
};

struct qemu_export {
        struct process_request asked; /* borrowed by process */
        const char *argv[8];
        char image[256], socket_option[PATH_BYTES];
        struct process *process;
        struct nbd_source *disk;
};

enum ingot_code qcow2_check_header(const uint8_t *bytes, size_t size_bytes, const char *path,
                                   struct ingot_error *err)
{
        uint32_t version = size_bytes >= QCOW2_HEADER_BYTES ? get_be32(bytes + AT_VERSION) : 0;
        uint64_t incompatible = 0;

        if (version != 2 && version != 3)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a qcow2 image with a damaged header", path);
        if (version == 3 && size_bytes < QCOW2_HEADER3_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a qcow2 image whose header is cut short",
                                  path);
        if (version == 3)
                incompatible = get_be64(bytes + AT_INCOMPATIBLE);
        if (get_be64(bytes + AT_BACKING_OFFSET))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' names a backing file, and ingot opens no file that an image names; "
                                  "'qemu-img convert -O qcow2' makes one image of both",
                                  path);
        if (incompatible & INCOMPATIBLE_DATA_FILE)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' keeps its data in another file, and ingot opens no file that an image "
                        "names; 'qemu-img convert -O qcow2' makes one image of both",
                        path);
        if (get_be32(bytes + AT_CRYPT_METHOD))
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is encrypted; decrypt it with qemu-img first",
                                  path);
        if (incompatible & (INCOMPATIBLE_DIRTY | INCOMPATIBLE_CORRUPT))
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' was not closed by the program that wrote it, or is known to be damaged; "
                        "'qemu-img check -r all' repairs what can be repaired",
                        path);
        return INGOT_OK;
}

enum ingot_code vdi_check_header(const uint8_t *bytes, size_t size_bytes, uint64_t file_bytes,
                                 const char *path, struct ingot_error *err)
{
        uint64_t needed_bytes;

        if (size_bytes < VDI_HEADER_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a VDI image whose header is cut short", path);
        needed_bytes = get_le32(bytes + VDI_AT_DATA) +
                       (uint64_t)get_le32(bytes + VDI_AT_BLOCK_BYTES) * get_le32(bytes + VDI_AT_BLOCKS_USED);
        if (needed_bytes > file_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' is cut short: its header says %" PRIu64 " bytes, it has %" PRIu64,
                                  path, needed_bytes, file_bytes);
        return INGOT_OK;
}

static enum ingot_code check_kind(const struct qemu_export_request *request, const char **ret_driver,
                                  bool *ret_can_check, struct ingot_error *err)
{
        uint8_t head[HEAD_BYTES];
        uint64_t file_bytes;
        size_t head_bytes = 0;
        enum ingot_code r = fd_size(request->fd, request->path, &file_bytes, err);

        if (!r) {
                head_bytes = (size_t)min_u64(file_bytes, sizeof(head));
                r = fd_read_at(request->fd, request->path, 0, head, head_bytes, err);
        }
        if (r)
                return r;
        *ret_can_check = request->kind == IMAGE_KIND_QCOW2;
        if (request->kind == IMAGE_KIND_QCOW2) {
                r = qcow2_check_header(head, head_bytes, request->path, err);
                *ret_driver = "\"qcow2\",\"backing\":null";
        } else if (request->kind == IMAGE_KIND_VHD_DYNAMIC) {
                *ret_driver = "\"vpc\",\"force_size_calc\":\"current_size\"";
        } else if (request->kind == IMAGE_KIND_VHDX) {
                *ret_driver = "\"vhdx\"";
        } else if (request->kind == IMAGE_KIND_VDI) {
                r = vdi_check_header(head, head_bytes, file_bytes, request->path, err);
                *ret_driver = "\"vdi\"";
        } else {
                return ingot_fail(err, INGOT_E_BUG, "kind %d is not for qemu-nbd", (int)request->kind);
        }
        return r;
}

static enum ingot_code explain(const struct qemu_export_request *request, const char *program,
                               enum ingot_code r, struct ingot_error *err)
{
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, r,
                                  "there is no program '%s' on PATH: images of this kind are read by it "
                                  "(Debian: qemu-utils)",
                                  program);
        return ingot_while(err, r, "reading '%s' with %s", request->path, program);
}

/* ---- qemu-img check ---- */

/* Rule 4. */
static enum ingot_code check_image(const struct qemu_export_request *request, const char *image,
                                   struct ingot_error *err)
{
        const char *const argv[] = { "qemu-img", "check", "-q", image, NULL };
        const struct process_request asked = { .argv = argv,
                                               .envp = request->environment,
                                               .phase = "checking the image",
                                               .input_fd = request->fd };
        OWNED(process_drop) struct process *process = NULL;
        enum ingot_code r = process_start(&asked, &process, err);
        int status;

        while (!r && process_is_running(process))
                r = ingot_observe(request->observer, asked.phase, 0, 0, err);
        if (r)
                return explain(request, argv[0], r, err);
        status = process_exit_status(process);
        if (status == 0 || status == CHECK_LEAKS_STATUS || status == CHECK_UNSUPPORTED_STATUS)
                return INGOT_OK;
        r = process_judge(process, err);
        if (status > 0 && err)
                err->code = INGOT_E_FORMAT;
        return explain(request, argv[0], status > 0 ? INGOT_E_FORMAT : r, err);
}

/* ---- qemu-nbd ---- */

/* The folder of the socket, and its name by way of our descriptor: a socket's path has 107 bytes at most. */
struct meeting {
        char folder[PATH_BYTES];
        char socket[64];
        int folder_fd;
};

static void meeting_end(struct meeting *meeting)
{
        if (meeting->folder_fd != FD_NONE) {
                (void)unlinkat(meeting->folder_fd, "s", 0); /* not there: it never listened */
                fd_drop(&meeting->folder_fd);
        }
        if (*meeting->folder)
                (void)rmdir(meeting->folder); /* somebody else's files in it are not ours to remove */
}

static enum ingot_code meeting_make(const char *temp_folder, struct meeting *meeting, struct ingot_error *err)
{
        int chars = snprintf(meeting->folder, sizeof(meeting->folder), "%s/ingot-nbd.XXXXXX", temp_folder);

        if (chars < 0 || (size_t)chars >= sizeof(meeting->folder)) {
                *meeting->folder = '\0';
                return ingot_fail(err, INGOT_E_USAGE, "the path of the temporary folder is too long");
        }
        if (!mkdtemp(meeting->folder)) {
                *meeting->folder = '\0';
                return ingot_fail_errno(err, "making a folder in '%s'", temp_folder);
        }
        meeting->folder_fd = open(meeting->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (meeting->folder_fd < 0)
                return ingot_fail_errno(err, "opening '%s'", meeting->folder);
        (void)snprintf(meeting->socket, sizeof(meeting->socket), "/proc/%ld/fd/%d/s", (long)getpid(),
                       meeting->folder_fd);
        return INGOT_OK;
}

static enum ingot_code connect_disk(const struct qemu_export_request *request, struct qemu_export *qemu,
                                    const struct meeting *meeting, struct ingot_error *err)
{
        enum ingot_code r;

        for (unsigned tries = 0; tries < START_TRIES; tries++) {
                if (!process_is_running(qemu->process)) {
                        r = process_judge(qemu->process, err);
                        if (!r)
                                return ingot_fail(err, INGOT_E_SYSTEM, "qemu-nbd ended at once");
                        if (process_exit_status(qemu->process) > 0 && err)
                                err->code = INGOT_E_FORMAT;
                        return process_exit_status(qemu->process) > 0 ? INGOT_E_FORMAT : r;
                }
                r = ingot_observe(request->observer, "starting qemu-nbd", 0, 0, err);
                if (r)
                        return r;
                if (faccessat(meeting->folder_fd, "s", F_OK, 0) == 0 &&
                    (r = nbd_source_open(meeting->socket, request->path, &qemu->disk, err)) != INGOT_E_SYSTEM)
                        return r; /* a socket that is there may not be listened to yet */
        }
        return ingot_fail(err, INGOT_E_SYSTEM, "qemu-nbd does not listen");
}

static enum ingot_code start(const struct qemu_export_request *request, struct qemu_export *qemu,
                             struct ingot_error *err)
{
        OWNED(meeting_end) struct meeting meeting = { .folder_fd = FD_NONE };
        enum ingot_code r = meeting_make(request->temp_folder, &meeting, err);

        if (r)
                return r;
        (void)snprintf(qemu->socket_option, sizeof(qemu->socket_option), "--socket=%s", meeting.socket);
        qemu->argv[0] = "qemu-nbd";
        qemu->argv[1] = "--read-only";
        qemu->argv[2] = "--cache=writeback";
        qemu->argv[3] = qemu->socket_option;
        qemu->argv[4] = qemu->image;
        qemu->asked = (struct process_request){ .argv = qemu->argv,
                                                .envp = request->environment,
                                                .phase = "starting qemu-nbd",
                                                .input_fd = request->fd };
        r = process_start(&qemu->asked, &qemu->process, err);
        if (!r)
                r = connect_disk(request, qemu, &meeting, err);
        return explain(request, "qemu-nbd", r, err);
}

enum ingot_code qemu_export_open(const struct qemu_export_request *request, struct qemu_export **ret_export,
                                 struct ingot_error *err)
{
        OWNED(qemu_export_drop) struct qemu_export *qemu = calloc(1, sizeof(*qemu));
        const char *driver = NULL;
        bool can_check = false;
        enum ingot_code r;

        if (!qemu)
                return ingot_fail_memory(err, sizeof(*qemu));
        r = check_kind(request, &driver, &can_check, err);
        if (r)
                return r;
        /* Rule 1: its own standard input is a name that needs no quoting and that nobody can swap. */
        (void)snprintf(qemu->image, sizeof(qemu->image),
                       "json:{\"driver\":%s,\"file\":{\"driver\":\"file\",\"filename\":\"/proc/self/fd/0\"}}",
                       driver);
        if (can_check)
                r = check_image(request, qemu->image, err);
        if (!r)
                r = start(request, qemu, err);
        if (r)
                return r;
        *ret_export = TAKE(qemu);
        return INGOT_OK;
}

void qemu_export_free(struct qemu_export *qemu)
{
        if (!qemu)
                return;
        nbd_source_free(qemu->disk); /* it ends by itself when its only client leaves */
        process_stop(qemu->process);
        free(qemu);
}

void qemu_export_drop(struct qemu_export **qemu)
{
        qemu_export_free(*qemu);
        *qemu = NULL;
}

struct nbd_source *qemu_export_disk(const struct qemu_export *qemu)
{
        return qemu->disk;
}
