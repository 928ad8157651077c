/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ARCHIVE_READER_H
#define CONTENT_ARCHIVE_READER_H

/* builder/content/archive_reader.h
 * archive_reader: one archive into a tree, in one pass, without holding or (where possible) copying data.
 *
 * Rules    (1) Formats: tar (ustar, pax, GNU), cpio, zip.  Filters: gzip, bzip2, xz, lzma, lzip, lz4, zstd,
 *              compress; but no cpio through a filter (rule 10).  No filter or format that starts a program or
 *              opens another file.
 *          (2) Names are bytes as the archive has them, in any locale of the process.
 *          (3) Owners are the archive's numbers, never its names.  Hard links are the archive's records.
 *          (4) Extended attributes of Linux are kept (user, trusted, security, system.posix_acl_*); others
 *              (of macOS, say) and file flags are left out.  POSIX ACLs become system.posix_acl_* in the
 *              kernel's representation; an ACL that names an owner without a number is refused.
 *          (5) Data of an uncompressed archive stays in the archive file, which store keeps open; other data
 *              goes to the spool.  Zero blocks are left out of the runs (tree.h rule 4).
 *          (6) Paths are relative to the destination.  "./" is passed over, an absolute path or a ".."
 *              anywhere is refused.  The entry "./" gives the destination its mode, owner, time and xattrs.
 *          (7) Missing parents are made: mode 0755, owner 0:0, time of the build's epoch.  A parent that is
 *              a symlink is followed inside the tree, as chroot would; one that leads nowhere or out is
 *              refused.  A directory over a symlink to a directory is that directory, and is left as it is:
 *              an archive with "bin/" does not break a merged /usr.
 *          (8) strip_components counts as tar does: "./" is a component.  An entry with no more components
 *              than that is left out, and so is a hard link to one.
 *          (9) Of two entries for one path the later wins.
 *         (10) Nothing of the archive can make us allocate or spool without end: limits below.  libarchive's
 *              buffers are its own: for a cpio's name it takes what the header says, below 4 GiB, so
 *              that a header that reads on and on is refused (archive_stream.h rule 2).  Through a filter a
 *              few bytes would make it, out of our sight: a compressed cpio is of no known format.
 *              Decoders take the dictionary that xz or zstd names.
 * Source   pax: POSIX.1-2017, "pax"; ACL xattrs: linux/posix_acl_xattr.h, version 2.
 * Tests    tests/unit/content/test_archive_reader.c, tests/fuzz/fuzz_archive_reader.c
 */
#include <stdbool.h>

#include <ingot/observer.h>

#include "base/digest.h"
#include "content/placement.h"
#include "content/store.h"
#include "model/tree.h"

enum { ARCHIVE_PATH_MAX_BYTES = 16384 };

struct archive_limits {
        uint64_t entries;        /* also counts parents that were made; 0: 10 million */
        uint64_t file_bytes;     /* of one file, holes included; 0: 16 TiB, ext4's limit */
        uint64_t expanded_bytes; /* data read, of all files; 0: 64 GiB + 2000 times the archive's size */
};

struct archive_request {
        const char *path;                      /* of the archive, a regular file; borrowed for the call */
        const struct digest *expected;         /* SHA-256 of the file; NULL: not compared */
        bool want_digest;                      /* compute the SHA-256 even without expected */
        bool digest_later;                     /* the same, but without waiting for it: undigested below */
        uint32_t strip_components;             /* rule 8 */
        const struct placement_owner *owner;   /* of all entries, instead of the archive's; NULL: rule 3 */
        struct archive_limits limits;          /* rule 10 */
        const struct ingot_observer *observer; /* may be NULL */
};

struct archive_report {
        struct digest digest; /* with want_digest or expected */
        /* With digest_later, unless expected: what store_await_digest() has the digest of. */
        const struct byte_source *undigested;
        uint64_t archive_bytes;
        uint64_t entries, entries_left_out; /* rule 8 */
        uint64_t xattrs_left_out;           /* rule 4 */
        uint64_t data_bytes, spooled_bytes; /* data_bytes: read, zeros included */
};

/*
 * Reads the archive into tree, below the directory destination.  On failure the tree holds part of it.
 *
 * store        keeps what the runs point to; outlives the tree
 * ret_report   may be NULL
 * Fails with   INGOT_E_NOT_FOUND  there is no such file
 *              INGOT_E_CHECKSUM   the file's digest is not the expected one: both are named
 *              INGOT_E_FORMAT     the archive is damaged, truncated, of an unknown format, or breaks a rule:
 *                                 the entry is named
 *              INGOT_E_MEMORY     a limit was reached; it is named
 *              INGOT_E_SYSTEM, INGOT_E_CANCELLED
 */
enum ingot_code archive_read_into(struct tree *tree, struct tree_entry *destination,
                                  struct content_store *store, const struct archive_request *request,
                                  struct archive_report *ret_report,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* The library that reads archives: "libarchive 3.6.2". */
const char *archive_library_version(void);

#endif
