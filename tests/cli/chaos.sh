#!/bin/sh
# A region that behaves badly, and publishes that get through it: a few of the days of scripts/check-chaos.
. "$(dirname "$0")/../support/tap.sh"
