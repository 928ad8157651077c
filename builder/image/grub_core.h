/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_GRUB_CORE_H
#define IMAGE_GRUB_CORE_H

/* builder/image/grub_core.h
 * grub_core: GRUB's core image for i386-pc, put together from the image's own GRUB files.
 *
 *   diskboot.img | lzma_decompress.img | LZMA( kernel | "mimg" | module ... | config | prefix )
 *
 * Nothing of the host's GRUB is used and nothing of the image is executed.
 *
 * Rules    (1) Before compression the bytes are those that the image's own grub-mkimage would lay out for the
 *              same modules, early configuration and prefix.
 *          (2) Modules stand in the order of moddep.lst's dependencies: what a module needs before the module,
 *              what was asked for first, first.
 *          (3) The LZMA stream depends on its input alone: one thread and every option of the encoder spelt
 *              out; it has no header and no end mark, as the decompressor knows both sizes.
 *          (4) A file of more than 1 MiB, a kernel that is not a 32-bit x86 ELF linked at 9000h, or sizes
 *              that real mode cannot hold are refused.
 * Source   GRUB 2.06 and 2.12, format of core images for i386-pc; ELF (System V ABI, Intel386).
 * Tests    tests/unit/image/test_grub_core.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum { GRUB_FILE_MAX_BYTES = 1 << 20 };

/* How the files of GRUB's folder i386-pc are read, wherever they are kept. */
struct grub_files {
        void *context;
        /* Reads the whole file of that name ("kernel.img", "ext2.mod"); *ret_bytes is owned by the caller
         * (free).  INGOT_E_NOT_FOUND when there is none; at most ceiling_bytes. */
        enum ingot_code (*read)(void *context, const char *name, size_t ceiling_bytes, uint8_t **ret_bytes,
                                size_t *ret_size_bytes, struct ingot_error *err);
};

struct grub_core_request {
        struct grub_files files;
        const char *const *modules; /* without ".mod"; what they need is found */
        size_t module_count;
        const char *early_config; /* run before normal mode; NULL: none */
        const char *prefix;       /* "/boot/grub" or "(hd0,gpt1)/boot/grub" */
};

/*
 * Builds core.img for a BIOS boot partition or an MBR gap; image/grub_embed sets where it lies.
 *
 * request      borrowed for this call
 * ret_bytes    owned by the caller (free)
 * Fails with   INGOT_E_NOT_FOUND  a module or another file is not there; it is named
 *              INGOT_E_FORMAT     a file is not what rule 4 wants
 *              INGOT_E_LAYOUT     the core is too large for real mode: ask for fewer modules
 *              INGOT_E_MEMORY, INGOT_E_BUG  the encoder refused
 */
enum ingot_code grub_core_build(const struct grub_core_request *request, uint8_t **ret_bytes,
                                size_t *ret_size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Builds what grub_core_build() compresses: kernel, modules, configuration and prefix.
 *
 * Fails with   as grub_core_build()
 */
enum ingot_code grub_core_payload(const struct grub_core_request *request, uint8_t **ret_bytes,
                                  size_t *ret_size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* The version of liblzma that compresses the core: "5.4.1". */
const char *grub_core_library_version(void);

#endif
