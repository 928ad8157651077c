/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/plural.h"
#include "content/archive_facts.h"
#include "content/archive_reader.h"
#include "content/archive_stream.h"
#include "content/run_writer.h"

enum { TAR_RECORD_BYTES = 512 };

static const uint64_t default_entries = 10000000;
static const uint64_t default_file_bytes = UINT64_C(16) << 40;
static const uint64_t default_expanded_bytes = UINT64_C(64) << 30;
static const uint64_t default_expansion = 2000; /* xz and zstd reach more, over zeros; gzip 1032 */

struct reader {
        struct tree *tree;
        struct tree_entry *destination;
        struct content_store *store;
        const struct archive_request *request;
        struct archive_limits limits;
        struct archive_report report;
        struct archive *archive;
        struct archive_entry *entry;
        const char *name; /* of entry, as the archive has it */
        const struct byte_source *file;
        struct archive_stream stream;
        struct run_writer writer;
        uint8_t buffer[ARCHIVE_STREAM_BYTES];
};

static enum ingot_code refuse(const struct reader *reader, struct ingot_error *err, const char *fact)
{
        return ingot_fail(err, INGOT_E_FORMAT, "entry '%s' %s", reader->name, fact);
}

/* What libarchive has to say, or the error of ours that made it stop. */
static enum ingot_code archive_failed(const struct reader *reader, struct ingot_error *err)
{
        const char *text = archive_error_string(reader->archive);

        if (reader->stream.code) {
                if (err)
                        *err = reader->stream.err;
                return reader->stream.code;
        }
        if (archive_errno(reader->archive) == ENOMEM)
                return ingot_fail(err, INGOT_E_MEMORY, "out of memory after %" PRIu64 " %s",
                                  reader->report.entries, plural(reader->report.entries, "entry", "entries"));
        if (reader->name)
                return ingot_fail(err, INGOT_E_FORMAT, "entry '%s' is damaged: %s", reader->name,
                                  text ? text : "no reason given");
        return ingot_fail(err, INGOT_E_FORMAT, "it is damaged after %" PRIu64 " %s: %s",
                          reader->report.entries, plural(reader->report.entries, "entry", "entries"),
                          text ? text : "no reason given");
}

/* ---- paths (rules 6 and 8) ---- */

static bool has_dot_dot(const char *path)
{
        for (const char *at = path; *at; at += strspn(at, "/")) {
                size_t part_bytes = strcspn(at, "/");

                if (part_bytes == 2 && at[0] == '.' && at[1] == '.')
                        return true;
                at += part_bytes;
        }
        return false;
}

/* Checks a path of the archive and strips it.  *ret_path is NULL when nothing is left of it. */
static enum ingot_code take_path(const struct reader *reader, const char *path, const char *what,
                                 const char **ret_path, struct ingot_error *err)
{
        uint32_t strip = reader->request->strip_components;

        if (!path || !*path)
                return ingot_fail(err, INGOT_E_FORMAT, "entry %" PRIu64 " has no usable %s",
                                  reader->report.entries, what);
        if (strlen(path) > ARCHIVE_PATH_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "entry '%.60s...' has a %s of %zu bytes; %d is the limit", path, what,
                                  strlen(path), ARCHIVE_PATH_MAX_BYTES);
        if (path[0] == '/')
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "entry '%s' has an absolute %s; make the archive with relative ones",
                                  reader->name, what);
        if (has_dot_dot(path))
                return ingot_fail(err, INGOT_E_FORMAT, "entry '%s' has a '..' in its %s", reader->name, what);
        for (; strip > 0; strip--) {
                path += strcspn(path, "/");
                path += strspn(path, "/");
        }
        *ret_path = !*path && reader->request->strip_components > 0 ? NULL : path;
        return INGOT_OK;
}

/* ---- data (rule 5) ---- */

static enum ingot_code put_piece(struct reader *reader, const void *bytes, size_t size_bytes,
                                 int64_t offset_bytes, struct ingot_error *err)
{
        struct run_piece piece = { .file_offset_bytes = (uint64_t)offset_bytes,
                                   .bytes = bytes,
                                   .size_bytes = size_bytes };
        enum ingot_code r;

        if (size_bytes > reader->limits.expanded_bytes - reader->report.data_bytes)
                return ingot_fail(err, INGOT_E_MEMORY,
                                  "it expands to more than %" PRIu64 " bytes from %" PRIu64
                                  ": a bomb, or not an archive for an image",
                                  reader->limits.expanded_bytes, reader->report.archive_bytes);
        reader->report.data_bytes += size_bytes;
        if (archive_stream_locate(&reader->stream, bytes, size_bytes, &piece.source_offset_bytes))
                piece.source = reader->file;
        r = offset_bytes < 0 ? ingot_fail(err, INGOT_E_FORMAT, "data at a negative offset")
                             : run_writer_put(&reader->writer, &piece, err);
        return ingot_while(err, r, "taking the data of entry '%s'", reader->name);
}

static enum ingot_code take_data(struct reader *reader, struct tree_inode *inode, struct ingot_error *err)
{
        bool sized = archive_entry_size_is_set(reader->entry);
        int64_t size_bytes = archive_entry_size(reader->entry);
        enum ingot_code r;

        if (size_bytes < 0 || (uint64_t)size_bytes > reader->limits.file_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "entry '%s' has %" PRId64 " bytes; %" PRIu64 " is the limit", reader->name,
                                  size_bytes, reader->limits.file_bytes);
        run_writer_init(&reader->writer, inode, reader->store, 0);
        for (;;) {
                const void *bytes = NULL;
                size_t piece_bytes = 0;
                la_int64_t offset_bytes = 0;
                int status = archive_read_data_block(reader->archive, &bytes, &piece_bytes, &offset_bytes);

                if (status == ARCHIVE_EOF)
                        break;
                if (status != ARCHIVE_OK)
                        return archive_failed(reader, err);
                r = put_piece(reader, bytes, piece_bytes, offset_bytes, err);
                if (r)
                        return r;
        }
        r = run_writer_finish(&reader->writer,
                              sized ? (uint64_t)size_bytes : reader->writer.next_offset_bytes, err);
        return ingot_while(err, r, "taking the data of entry '%s'", reader->name);
}

/* ---- entries ---- */

/* The entry "./": the destination's own facts. */
static enum ingot_code take_destination(struct reader *reader, struct tree_inode *from,
                                        struct ingot_error *err)
{
        struct tree_inode *to = reader->destination->inode, old = *to;

        if (from->kind != TREE_DIRECTORY)
                return refuse(reader, err, "stands for the destination, but is not a directory");
        to->mode = from->mode;
        to->uid = from->uid;
        to->gid = from->gid;
        to->mtime = from->mtime;
        to->xattrs = from->xattrs;
        to->xattr_count = from->xattr_count;
        from->xattrs = old.xattrs; /* freed with from */
        from->xattr_count = old.xattr_count;
        return INGOT_OK;
}

static enum ingot_code take_hard_link(struct reader *reader, const struct placement *place,
                                      struct ingot_error *err)
{
        const char *path;
        struct tree_entry *target;
        enum ingot_code r =
                take_path(reader, archive_entry_hardlink(reader->entry), "hard link target", &path, err);

        if (r)
                return r;
        if (!path) {
                reader->report.entries_left_out++; /* rule 8 */
                return INGOT_OK;
        }
        r = tree_resolve_from(reader->tree, reader->destination, path, false, &target, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "entry '%s' is a hard link to '%s', which is not in the tree", reader->name,
                                  path);
        if (r)
                return ingot_while(err, r, "following the hard link '%s'", reader->name);
        if (target->inode->kind == TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_FORMAT, "entry '%s' is a hard link to the directory '%s'",
                                  reader->name, path);
        /* cpio keeps the data of a file with its last link. */
        if (target->inode->kind == TREE_FILE && archive_entry_size_is_set(reader->entry) &&
            archive_entry_size(reader->entry) > 0) {
                target->inode->run_count = 0;
                r = take_data(reader, target->inode, err);
                if (r)
                        return r;
        }
        r = placement_check(place, reader->destination, err);
        if (!r)
                r = tree_put_link(reader->tree, place->parent, place->name, place->name_bytes, target, err);
        return ingot_while(err, r, "placing entry '%s'", reader->name);
}

static enum ingot_code take_entry(struct reader *reader, const char *path, struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;
        struct placement place;
        bool through_link;
        enum ingot_code r;

        r = placement_find(reader->tree, reader->destination, path, reader->request->owner, &place,
                           &reader->report.entries, err);
        if (r)
                return ingot_while(err, r, "placing entry '%s'", reader->name);
        if (archive_entry_hardlink(reader->entry))
                return place.parent ? take_hard_link(reader, &place, err)
                                    : refuse(reader, err, "stands for the destination, but is a hard link");
        r = archive_facts_read(reader->entry, reader->name, &inode, &reader->report.xattrs_left_out, err);
        if (!r)
                placement_own(inode, reader->request->owner);
        if (!r && inode->kind == TREE_FILE)
                r = take_data(reader, inode, err);
        if (r)
                return r;
        if (!place.parent)
                return take_destination(reader, inode, err);
        if (inode->kind == TREE_DIRECTORY && placement_directory(reader->tree, &place, &through_link) &&
            through_link)
                return INGOT_OK; /* rule 7 */
        if (inode->kind != TREE_DIRECTORY)
                r = placement_check(&place, reader->destination, err);
        if (!r)
                r = tree_put(reader->tree, place.parent, place.name, place.name_bytes, TAKE(inode), NULL,
                             err);
        return ingot_while(err, r, "placing entry '%s'", reader->name);
}

/*
 * A warning about a name in UTF-8 is none to us: in the "C" locale libarchive then keeps its bytes, which is
 * what we want (rule 2); with any UTF-8 locale it would put them in another normal form.
 */
static bool warning_is_of_no_concern(struct archive *archive)
{
        const char *text = archive_error_string(archive);

        return text && (strstr(text, "can't be converted from") || strstr(text, "cannot be converted from"));
}

static enum ingot_code next_entry(struct reader *reader, bool *ret_end, struct ingot_error *err)
{
        int status;

        reader->name = NULL;
        reader->stream.header_offset = reader->stream.position;
        reader->stream.in_header = true;
        status = archive_read_next_header(reader->archive, &reader->entry);
        reader->stream.in_header = false;
        *ret_end = status == ARCHIVE_EOF;
        if (status == ARCHIVE_EOF)
                return INGOT_OK;
        if (status == ARCHIVE_OK || status == ARCHIVE_WARN)
                reader->name = archive_entry_pathname(reader->entry);
        if (status != ARCHIVE_OK && !(status == ARCHIVE_WARN && warning_is_of_no_concern(reader->archive)))
                return archive_failed(reader, err);
        /* It keeps no bytes of such a link where the plain header has none: with a file that would be silent. */
        if (status == ARCHIVE_WARN && !archive_entry_hardlink(reader->entry) &&
            !archive_entry_symlink(reader->entry) &&
            strstr(archive_error_string(reader->archive), "Linkname"))
                return refuse(
                        reader, err,
                        "is a link whose link target was lost: its plain header is empty; make the archive "
                        "with GNU tar");
        if (++reader->report.entries > reader->limits.entries)
                return ingot_fail(err, INGOT_E_MEMORY, "it has more than %" PRIu64 " entries",
                                  reader->limits.entries);
        return INGOT_OK;
}

static bool format_is_tar(struct archive *archive)
{
        return (archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

static enum ingot_code read_entries(struct reader *reader, struct ingot_error *err)
{
        int64_t end_of_last = 0;

        for (;;) {
                bool end;
                const char *path;
                enum ingot_code r = next_entry(reader, &end, err);

                if (r)
                        return r;
                if (end)
                        break;
                r = take_path(reader, reader->name, "path", &path, err);
                if (!r && path)
                        r = take_entry(reader, path, err);
                else if (!r)
                        reader->report.entries_left_out++;
                if (r)
                        return r;
                if (archive_read_data_skip(reader->archive) < ARCHIVE_WARN)
                        return archive_failed(reader, err);
                end_of_last = archive_filter_bytes(reader->archive, 0);
        }
        /* libarchive takes a tar that was cut between two entries for a whole one. */
        if (format_is_tar(reader->archive) &&
            archive_filter_bytes(reader->archive, 0) < end_of_last + TAR_RECORD_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "it ends after %" PRIu64
                                  " entries without tar's end marker: it was cut off",
                                  reader->report.entries);
        return INGOT_OK;
}

/* ---- the whole archive, with its digest ---- */

static enum ingot_code read_archive(struct reader *reader, struct ingot_error *err)
{
        enum ingot_code r = archive_stream_open(&reader->stream, &reader->archive, err);

        if (r)
                return r;
        r = read_entries(reader, err);
        (void)archive_read_free(reader->archive); /* reading: nothing is lost */
        reader->archive = NULL;
        return r;
}

/*
 * libarchive works in the locale of the thread.  "C" keeps the bytes of names; but of a name that a zip
 * marks as UTF-8 nothing is left in it, so a zip gets "C.UTF-8".
 */
static enum ingot_code read_in_locale(struct reader *reader, struct ingot_error *err)
{
        uint8_t magic[2] = { 0 };
        locale_t locale, before;
        enum ingot_code r;

        if (reader->stream.size_bytes >= sizeof(magic)) {
                r = fd_read_at(reader->stream.fd, reader->request->path, 0, magic, sizeof(magic), err);
                if (r)
                        return r;
        }
        locale = newlocale(LC_ALL_MASK, magic[0] == 'P' && magic[1] == 'K' ? "C.UTF-8" : "C", (locale_t)0);
        before = locale ? uselocale(locale) : (locale_t)0;
        r = read_archive(reader, err);
        if (locale) {
                (void)uselocale(before);
                freelocale(locale);
        }
        return r;
}

static enum ingot_code compare_digest(const struct reader *reader, struct ingot_error *err)
{
        const struct digest *expected = reader->request->expected, *made = &reader->report.digest;
        char is[DIGEST_HEX_CHARS + 1], wanted[DIGEST_HEX_CHARS + 1];

        if (!expected || digest_equal(expected, made))
                return INGOT_OK;
        hex_encode(made->bytes, DIGEST_BYTES, is);
        hex_encode(expected->bytes, DIGEST_BYTES, wanted);
        return ingot_fail(err, INGOT_E_CHECKSUM, "'%s' has SHA-256 %s; expected %s", reader->request->path,
                          is, wanted);
}

/* The digest is made on a second processor; a wrong one is told before what it led to. */
static enum ingot_code read_and_hash(struct reader *reader, struct ingot_error *err)
{
        const struct archive_request *request = reader->request;
        struct ingot_error why = { .code = INGOT_OK };
        enum ingot_code r = store_begin_digest(reader->store, reader->file, request->observer, err), read;

        if (r)
                return r;
        read = read_in_locale(reader, &why);
        if (read != INGOT_E_CANCELLED && (request->expected || !request->digest_later))
                r = store_await_digest(reader->file, request->observer, &reader->report.digest, err);
        if (!r && read != INGOT_E_CANCELLED)
                r = compare_digest(reader, err);
        if (r)
                return r;
        if (read && err)
                *err = why;
        return read;
}

static struct archive_limits effective_limits(const struct archive_limits *asked, uint64_t archive_bytes)
{
        uint64_t expanded_bytes;

        if (!checked_mul_u64(archive_bytes, default_expansion, &expanded_bytes) ||
            !checked_add_u64(expanded_bytes, default_expanded_bytes, &expanded_bytes))
                expanded_bytes = UINT64_MAX;
        return (struct archive_limits){
                .entries = asked->entries ? asked->entries : default_entries,
                .file_bytes = asked->file_bytes ? asked->file_bytes : default_file_bytes,
                .expanded_bytes = asked->expanded_bytes ? asked->expanded_bytes : expanded_bytes,
        };
}

static enum ingot_code reader_open(struct reader *reader, struct ingot_error *err)
{
        const struct archive_request *request = reader->request;
        OWNED(fd_drop) int fd = FD_NONE;
        uint64_t size_bytes;
        enum ingot_code r = fd_open_read(request->path, &fd, err);

        if (!r)
                r = fd_size(fd, request->path, &size_bytes, err);
        if (r)
                return r;
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* only a hint */
        reader->stream = (struct archive_stream){ .fd = fd,
                                                  .path = request->path,
                                                  .observer = request->observer,
                                                  .size_bytes = size_bytes,
                                                  .buffer = reader->buffer };
        reader->limits = effective_limits(&request->limits, size_bytes);
        reader->report.archive_bytes = size_bytes;
        return store_adopt(reader->store, request->path, &fd, STORE_KEEP_OPEN, &reader->file, err);
}

enum ingot_code archive_read_into(struct tree *tree, struct tree_entry *destination,
                                  struct content_store *store, const struct archive_request *request,
                                  struct archive_report *ret_report, struct ingot_error *err)
{
        OWNED(heap_drop) struct reader *reader = calloc(1, sizeof(*reader));
        uint64_t spooled_before = store_spool_bytes(store);
        enum ingot_code r;

        if (!reader)
                return ingot_fail_memory(err, sizeof(*reader));
        reader->tree = tree;
        reader->destination = destination;
        reader->store = store;
        reader->request = request;
        r = reader_open(reader, err);
        if (!r)
                r = request->want_digest || request->digest_later || request->expected
                            ? read_and_hash(reader, err)
                            : read_in_locale(reader, err);
        if (r)
                return ingot_while(err, r, "reading archive '%s'", request->path);
        if (request->digest_later && !request->expected)
                reader->report.undigested = reader->file;
        reader->report.spooled_bytes = store_spool_bytes(store) - spooled_before;
        if (ret_report)
                *ret_report = reader->report;
        return INGOT_OK;
}

const char *archive_library_version(void)
{
        return archive_version_string();
}
