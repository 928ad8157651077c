/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "content/identity_reset.h"
#include "content/tree_edit.h"

static const char *const removed[] = {
        "/etc/.pwd.lock",
        "/etc/group-",
        "/etc/gshadow-",
        "/etc/hostname", /* cloud-init sets it; mmdebstrap copies the build machine's */
        "/etc/iscsi/initiatorname.iscsi",
        "/etc/machine-info",
        "/etc/nvme/hostid",
        "/etc/nvme/hostnqn",
        "/etc/passwd-",
        "/etc/shadow-",
        "/etc/subgid-",
        "/etc/subuid-",
        "/etc/udev/rules.d/70-persistent-net.rules",
        "/root/.bash_history",
        "/var/cache/apt/pkgcache.bin",
        "/var/cache/apt/srcpkgcache.bin",
        "/var/cache/debconf/config.dat-old",
        "/var/cache/debconf/templates.dat-old",
        "/var/cache/ldconfig/aux-cache",
        "/var/lib/NetworkManager/secret_key",
        "/var/lib/dbus/machine-id",
        "/var/lib/systemd/credential.secret",
        "/var/lib/systemd/random-seed",
        "/var/lib/systemd/timesync/clock",
        "/var/log/alternatives.log",
        "/var/log/bootstrap.log",
        "/var/log/dpkg.log",
};

/* Folders whose contents go and which stay themselves. */
static const char *const emptied[] = {
        "/run", "/tmp", "/var/cache/man", "/var/lib/cloud", "/var/lib/dhcp", "/var/log/apt", "/var/tmp",
};

/* Removes the children of folder whose names start and end so, or all of them. */
static void remove_children(struct tree *tree, const char *folder, const char *prefix)
{
        struct tree_entry *entry;

        if (tree_find(tree, folder, &entry, NULL) || entry->inode->kind != TREE_DIRECTORY)
                return;
        for (size_t i = entry->child_count; i > 0; i--)
                if (strncmp(entry->children[i - 1]->name, prefix, strlen(prefix)) == 0)
                        tree_remove(tree, entry->children[i - 1]);
}

static void remove_one(struct tree *tree, const char *path)
{
        struct tree_entry *entry;

        if (!tree_find(tree, path, &entry, NULL))
                tree_remove(tree, entry);
}

enum ingot_code identity_reset(struct tree *tree, struct content_store *store, struct ingot_error *err)
{
        struct tree_entry *entry;
        enum ingot_code r;

        if (tree_find(tree, "/etc", &entry, NULL) || entry->inode->kind != TREE_DIRECTORY)
                return INGOT_OK;
        for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
                remove_one(tree, removed[i]);
        for (size_t i = 0; i < sizeof(emptied) / sizeof(emptied[0]); i++)
                remove_children(tree, emptied[i], "");
        remove_children(tree, "/etc/ssh", "ssh_host_");
        if (!tree_find(tree, "/etc/resolv.conf", &entry, NULL) && entry->inode->kind == TREE_FILE)
                tree_remove(tree, entry);
        r = tree_edit_write_text(tree, store, "/etc/machine-id", "", 0444, err);
        return ingot_while(err, r, "resetting the machine's identity");
}
