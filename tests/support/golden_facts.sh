# shellcheck shell=sh
# golden_facts.sh: sourced by tests/golden/golden.sh and scripts/golden-accept, so that what is compared is what was
# accepted.

# INGOT CAST BUILD FACTS: what is remembered of a build of the folder CAST that lies in BUILD, as files in FACTS.
golden_facts() {
        for golden_volume in xvda sdf; do
                golden_digest=$(grep -A 9 "\"name\": \"$golden_volume.vmdk\"" "$3/manifest.json" | sed -n 's/.*"image_digest": "\(.*\)".*/\1/p')
                echo "$golden_volume image $golden_digest"
                for golden_format in raw vmdk; do
                        echo "$golden_volume $golden_format $(sha256sum <"$3/$golden_volume.$golden_format" | cut -c 1-64)"
                done
        done >"$4/digests"
        head -c 1024 "$3/xvda.raw" | od -A x -t x1 -v >"$4/xvda.hex"
        # A program's version says nothing about the bytes.
        "$1" plan "$2/cast.yaml" -m "$2/cast.mapping.json" -q |
                sed '/^  "ingot_version": /d; /^  "tools": \[\]/d; /^  "tools": \[$/,/^  \]/d' >"$4/plan.json"
        if command -v sfdisk >/dev/null 2>&1; then
                (cd "$3" && sfdisk --dump xvda.raw) >"$4/xvda.sfdisk"
        fi
}
