/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "filesystem/ext4_features.h"

enum { BITS = 32, WORDS = 3 };

static const char *const names[WORDS][BITS] = {
        { "dir_prealloc", "imagic_inodes", "has_journal", "ext_attr", "resize_inode", "dir_index", "lazy_bg",
          NULL, "snapshot_bitmap", "sparse_super2", "fast_commit", "stable_inodes", "orphan_file" },
        { "compression", "filetype", "needs_recovery", "journal_dev", "meta_bg", NULL, "extent", "64bit",
          "mmp", "flex_bg", "ea_inode", NULL, "dirdata", "metadata_csum_seed", "large_dir", "inline_data",
          "encrypt", "casefold" },
        { "sparse_super", "large_file", NULL, "huge_file", "uninit_bg", "dir_nlink", "extra_isize",
          "snapshot", "quota", "bigalloc", "metadata_csum", "replica", "read-only", "project",
          "shared_blocks", "verity", "orphan_present" },
};

void ext4_features_print(uint32_t compatible, uint32_t incompatible, uint32_t read_only_compatible,
                         char out[EXT4_FEATURES_TEXT_BYTES])
{
        const uint32_t words[WORDS] = { compatible, incompatible, read_only_compatible };
        size_t used = 0;

        out[0] = '\0';
        for (unsigned word = 0; word < WORDS; word++)
                for (unsigned bit = 0; bit < BITS; bit++) {
                        const char *name = names[word][bit], *space = used ? " " : "";
                        char *at = out + used;
                        size_t room = EXT4_FEATURES_TEXT_BYTES - used;
                        int chars;

                        if (!(words[word] >> bit & 1))
                                continue;
                        chars = name ? snprintf(at, room, "%s%s", space, name)
                                     : snprintf(at, room, "%sFEATURE_%c%u", space, "CIR"[word], bit);
                        if (chars > 0)
                                used += (size_t)chars;
                }
}
