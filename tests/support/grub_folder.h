/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_GRUB_FOLDER_H
#define SUPPORT_GRUB_FOLDER_H

/* tests/support/grub_folder.h
 * grub_folder: GRUB's files for i386-pc: those of the host, or small ones made up here.
 */
#include "image/grub_core.h"

/* The folder that Debian's grub-pc-bin fills; NULL when it is not installed. */
const char *grub_folder_of_host(void);

/* Reads from a folder of the file system. */
struct grub_files grub_folder_files(const char *folder);

/* Files in memory, ended by a NULL name; borrowed. */
struct grub_made_file {
        const char *name;
        const void *bytes;
        size_t size_bytes;
};
struct grub_files grub_made_files(const struct grub_made_file *files);

enum { GRUB_MADE_KERNEL_BYTES = 512 };

/* A kernel of one section of text (16 bytes from 9000h), one of data (8 bytes from 9020h) and 32 bytes of bss. */
void grub_made_kernel(uint8_t out[GRUB_MADE_KERNEL_BYTES]);
/* A diskboot sector without code. */
void grub_made_diskboot(uint8_t out[512]);

#endif
