/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_BUILD_H
#define INGOT_BUILD_H

/* include/ingot/build.h
 * build: from a template and a block device mapping to disk images and their manifest.
 *
 * Rules    (1) Same template, mapping, settings and sources: same bytes, whoever builds, wherever.  Nothing
 *              here reads the clock, the locale, the umask or an environment variable.
 *              A layout lock is one of the sources.
 *          (2) An output file appears whole under its name or not at all; the manifest comes last, so a
 *              folder with a manifest is a finished build.
 *          (3) Mistakes in the template and the mapping are all reported, through on_complaint, before the
 *              call fails with INGOT_E_TEMPLATE.
 * Tests    tests/cli/, tests/golden/
 */
#include <stddef.h>

#include <ingot/observer.h>

struct ingot_complaint {
        const char *file;      /* borrowed for the call, like all texts here */
        uint32_t line, column; /* from 1; 0: the file as a whole */
        const char *key_path;  /* "volumes./dev/xvda.partitions[2].size"; NULL: none */
        const char *text;
};

struct ingot_complaint_sink {
        void *context;
        void (*on_complaint)(void *context, const struct ingot_complaint *complaint);
};

/* --set KEY=VALUE */
struct ingot_setting {
        const char *key, *value;
};

struct ingot_inputs {
        const char *template_path;
        const char *mapping_path; /* NULL: only with ingot_check() */
        const struct ingot_setting *settings;
        size_t setting_count;
};

/*
 * Checks a template, and a mapping against it where one is given; touches nothing else.
 *
 * sink         borrowed; may be NULL
 * Fails with   INGOT_E_TEMPLATE  there were complaints; the cause counts them
 *              INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY  a file could not be read
 */
enum ingot_code ingot_check(const struct ingot_inputs *inputs, const struct ingot_complaint_sink *sink,
                            struct ingot_error *err) INGOT_MUST_CHECK;

enum { INGOT_FORMAT_RAW = 1, INGOT_FORMAT_VMDK = 2 };

struct ingot_build_request {
        struct ingot_inputs inputs;
        const char *folder;       /* for images, manifest and spool files; made when missing */
        const char *lock_path;    /* an earlier build's folder, or a layout lock: stay close to it; or NULL */
        const char *cache_folder; /* bootstrapped root file systems are kept here; made when missing */
        const char *const *environment; /* for programs ingot runs: NULL-terminated "KEY=VALUE" */
        unsigned formats;               /* INGOT_FORMAT_ bits */
        unsigned threads;               /* 0: as many as processors */
        const char *compressor;         /* of VMDK grains: "libdeflate", "zlib", "isal"; NULL: the default */
        int compression_level;          /* -1: the compressor's default */
        int refresh;                    /* non-zero: bootstrap anew even where the cache has it */
        int64_t source_date_epoch;      /* used when the template names none; -1: ingot's own constant */
};

/*
 * Resolves everything a build would do, without building: every size, offset, UUID, feature flag,
 * timestamp, source digest and tool version.  Sources are read (and bootstrapped), since sizes follow
 * from them.
 *
 * ret_json     owned by the caller (free); one JSON document, final newline
 * Fails with   what ingot_build() fails with before it writes
 */
enum ingot_code ingot_plan(const struct ingot_build_request *request, const struct ingot_complaint_sink *sink,
                           const struct ingot_observer *observer, char **ret_json,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Builds: on success folder holds the images and manifest.json.
 *
 * Fails with   INGOT_E_TEMPLATE   mistakes in template or mapping (rule 3), or in content, with its mark
 *              INGOT_E_LAYOUT     something does not fit
 *              INGOT_E_FORMAT, INGOT_E_CHECKSUM  a source is damaged, or changed while it was read
 *              INGOT_E_NOT_FOUND  a source or program is missing
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_build(const struct ingot_build_request *request,
                            const struct ingot_complaint_sink *sink, const struct ingot_observer *observer,
                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
