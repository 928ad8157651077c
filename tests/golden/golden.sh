#!/bin/sh
# The bytes of one build are remembered, and are the same for everybody: another user, folder, clock, time zone, locale,
# umask, number of threads.  scripts/golden-accept remembers anew what was meant to change.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/golden_facts.sh"
golden=$(cd "$(dirname "$0")" && pwd)

# ---- as remembered ----
expect 'the case builds' 0 build "$golden/cast/cast.yaml" -m "$golden/cast/cast.mapping.json" -o "$work/a"
mkdir "$work/facts"
golden_facts "$ingot" "$golden/cast" "$work/a" "$work/facts"
remembered() { # NAME FILE
        if diff -u "$golden/expected/$2" "$work/facts/$2" >"$work/log"; then pass "$1"; else
                echo '# where this was meant: scripts/golden-accept'
                fail "$1" "$work/log"
        fi
}
remembered 'the plan is as remembered' plan.json
remembered 'the first two sectors are as remembered' xvda.hex
remembered 'images, raw files and VMDKs have the digests remembered' digests
if has sfdisk; then
        remembered 'sfdisk reads the table remembered' xvda.sfdisk
else
        skip 'sfdisk reads the table remembered' 'sfdisk is not installed'
fi
if has python3; then
        holds 'the digests follow from the raw images alone' python3 - "$work/a" <<'P'
import base64, hashlib, json, struct, sys
manifest = json.load(open(sys.argv[1] + "/manifest.json"))
for volume, name in zip(manifest["volumes"], ("xvda", "sdf")):
    data = open(f"{sys.argv[1]}/{name}.raw", "rb").read()
    assert len(data) == volume["size_bytes"]
    image, linear = hashlib.sha256(b"ingot image 1\n" + struct.pack(">Q", len(data))), hashlib.sha256()
    for index in range(-(-len(data) // 524288)):
        block = data[index * 524288:(index + 1) * 524288].ljust(524288, b"\0")
        if block.strip(b"\0"):
            digest = hashlib.sha256(block).digest()
            image.update(struct.pack(">Q", index) + digest)
            linear.update(digest)
    assert image.hexdigest() == volume["image_digest"], name
    assert base64.b64encode(linear.digest()).decode() == volume["linear_digest"], name
    vmdk, = (f for f in volume["files"] if f["format"] == "vmdk")
    assert hashlib.sha256(open(f"{sys.argv[1]}/{name}.vmdk", "rb").read()).hexdigest() == vmdk["sha256"], name
P
        "$ingot" plan "$golden/cast/cast.yaml" -m "$golden/cast/cast.mapping.json" -q >"$work/plan.json"
        cp "$golden/cast/cast.mapping.json" "$work/mapping.json"
        holds 'what the plan says is what was built' python3 - "$work/plan.json" "$work/a/manifest.json" <<'P'
import json, sys
plan, manifest = (json.load(open(path)) for path in sys.argv[1:])
assert (plan.pop("format"), manifest.pop("format")) == ("ingot-plan", "ingot-manifest")
def within(a, b, where):
    if isinstance(a, dict):
        for key in a:
            within(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b)):
            within(x, y, f"{where}[{i}]")
    else:
        assert a == b, (where, a, b)
within(plan, manifest, "")
assert manifest["block_device_mapping"] == json.load(open(sys.argv[1].replace("plan.json", "mapping.json")))
P
else
        skip 'the digests follow from the raw images alone' 'python3 is not installed'
        skip 'what the plan says is what was built' 'python3 is not installed'
fi

# ---- whoever builds ----
same() { # NAME STATUS BUILD
        for same_file in xvda.raw xvda.vmdk sdf.raw sdf.vmdk manifest.json; do
                [ "$2" -eq 0 ] && cmp "$work/a/$same_file" "$3/$same_file" >"$work/log" 2>&1 && continue
                echo "# status $2, $same_file"
                fail "$1" "$work/log" "$work/err"
                rm -rf "$3"
                return
        done
        pass "$1"
        rm -rf "$3"
}
cast() { # TEMPLATE-FOLDER BUILD OPTION...
        cast_folder=$1 cast_build=$2
        shift 2
        "$ingot" build "$cast_folder/cast.yaml" -m "$cast_folder/cast.mapping.json" -o "$cast_build" -q "$@" >"$work/out" 2>"$work/err"
}
(export TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8 HOME=/nowhere/at/all LANG=de_DE
umask 077 && cast "$golden/cast" "$work/b/in/a/deep folder" --cache-dir "$work/cache" --threads 1)
same 'one thread, umask 077, another zone, locale, home and folder' $? "$work/b/in/a/deep folder"
cp -r "$golden/cast" "$work/elsewhere"
find "$work/elsewhere" -exec touch -h -d 2001-01-01T00:00:00 {} +
find "$work/elsewhere" -type f -exec chmod go-rwx {} +
(unset LC_ALL TZ; umask 0 && cd "$work/elsewhere" && cast . ../c --threads 8)
same 'eight threads, umask 0, sources copied, touched and private, by a relative path' $? "$work/c"
if has faketime; then
        faketime '2031-05-06 07:08:09' "$ingot" build "$golden/cast/cast.yaml" -m "$golden/cast/cast.mapping.json" -o "$work/d" -q >"$work/out" 2>"$work/err"
        same 'another year' $? "$work/d"
else
        skip 'another year' 'faketime is not installed'
fi
if [ "$(id -u)" -eq 0 ] && has setpriv; then
        chmod 755 "$work"
        cp "$ingot" "$work/program"
        chmod -R a+rX "$work/elsewhere"
        mkdir -m 777 "$work/free"
        setpriv --reuid 65534 --regid 65534 --clear-groups "$work/program" build "$work/elsewhere/cast.yaml" \
                -m "$work/elsewhere/cast.mapping.json" -o "$work/free/e" --cache-dir "$work/free/cache" -q >"$work/out" 2>"$work/err"
        same 'a user who may nothing' $? "$work/free/e"
else
        skip 'a user who may nothing' 'becoming another user needs root'
fi
finish
