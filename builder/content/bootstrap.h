/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_BOOTSTRAP_H
#define CONTENT_BOOTSTRAP_H

/* builder/content/bootstrap.h
 * bootstrap: a distribution's root file system as a tar, made by mmdebstrap or found in the cache.
 *
 *   CACHE/bootstrap/KEY/   debian.sources   what apt was given
 *                          root.tar         the root file system
 *                          record.json      its digest and size, and the tool; written last
 *                          lock             held while one is being made
 *
 * Rules    (1) KEY is the SHA-256 over everything that was asked for and over the tool's version.  What the
 *              archive held on the day is not part of it: a cached tar is used until refresh is set.
 *          (2) record.json is written after root.tar and removed before it is replaced, so a folder with a
 *              record holds that tar.  The digest is the recorded one: who reads the tar compares.
 *          (3) The tar says nothing of this machine: host name, resolv.conf and SSH host keys are left out.
 *              What Debian installs, documentation and manual pages included, stays.  Recommended packages
 *              are not installed.
 *          (4) Without a mirror the sources are this machine's own: the entries of its Debian release that
 *              Debian signs, with the suite wanted in the place of its own, -updates and -security included;
 *              those of other vendors are dropped.  With a mirror, that and nothing else.  The image keeps
 *              them as its own apt sources.
 *          (5) Nothing is run as root that was not started as root: an ordinary user needs the Debian package
 *              uidmap and a line in /etc/subuid and /etc/subgid.
 * Tests    tests/unit/content/test_bootstrap.c, tests/unit/content/test_apt_sources.c
 */
#include <stddef.h>

#include <ingot/observer.h>

#include "base/digest.h"

struct bootstrap_request {
        const char *distribution;      /* "debian" */
        const char *suite;             /* "bookworm" */
        const char *variant;           /* "minbase", "important" ...; NULL: "important" */
        const char *const *components; /* component_count of them; none: "main" */
        size_t component_count;
        const char *const *packages; /* beyond the variant's; order and repetition do not matter */
        size_t package_count;
        const char *mirror;             /* NULL: rule 4 */
        const char *architecture;       /* "x86_64" or "arm64" */
        int64_t epoch_seconds;          /* SOURCE_DATE_EPOCH: later times become this one */
        const char *cache_folder;       /* made when missing */
        const char *const *environment; /* NULL-terminated; PATH, HOME, TMPDIR and proxies are passed on */
        int refresh;                    /* non-zero: make it anew */
};

enum { BOOTSTRAP_TOOL_CHARS = 63 };

struct bootstrap_result {
        char *tar_path;       /* owned by the caller (free); stays valid while the cache does */
        struct digest digest; /* of the tar */
        char tool[BOOTSTRAP_TOOL_CHARS + 1]; /* "mmdebstrap 1.3.5" */
};

/*
 * Makes, or finds, the root file system.
 *
 * Fails with   INGOT_E_USAGE      distribution, suite, variant, architecture or a package is not one
 *              INGOT_E_NOT_FOUND  mmdebstrap or newuidmap is missing; no usable apt source
 *              INGOT_E_SYSTEM     mmdebstrap failed: the cause holds what it said; no room
 *              INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code bootstrap(const struct bootstrap_request *request, const struct ingot_observer *observer,
                          struct bootstrap_result *ret_result, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
